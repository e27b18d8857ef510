"""Readers of study folders, MAF, VCF and plain alteration tables."""
