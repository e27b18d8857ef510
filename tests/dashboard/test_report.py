from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import jsonschema
import pytest

from dashboard.documents import to_json
from dashboard.report import Report
from dashboard.report_figures import draw_qr, draw_survival
from dashboard.report_html import to_html
from dashboard.report_pdf import to_pdf, to_png
from dashboard.report_phenopacket import to_phenopacket
from dashboard.report_schema import report_schema
from dashboard.report_view import view_report
from tests.dashboard.pdf_text import num_pages, read_text
from tests.dashboard.reported import (
    CALL,
    LINK,
    MAP,
    NEIGHBOR,
    a_curve,
    a_refused_report,
    a_report,
    a_tumor,
    an_alteration,
)

HOSTILE = '#import "x"; $a^b$ *bold* @ref <script>alert(1)</script> \\u{41} [link](x) "q\' & %'
NOTICE = "Research use only, not for care decisions"


def hostile_report() -> Report:
    """Return a report in which every text of a file is markup."""
    tumor = a_tumor(
        name=HOSTILE,
        study=HOSTILE,
        cancer_type=HOSTILE,
        altering=(an_alteration(HOSTILE, protein_change=HOSTILE),),
        notes=(HOSTILE,),
    )
    neighbor = replace(NEIGHBOR, sample_id=HOSTILE, cancer_type=HOSTILE, treatment=HOSTILE)
    return a_report(
        tumor=tumor,
        neighbors=(neighbor,),
        calls=(replace(CALL, title=HOSTILE, classes=(replace(CALL.classes[0], name=HOSTILE),)),),
    )


def test_the_pdf_is_one_page_that_says_everything() -> None:
    pdf = to_pdf(a_report(), MAP)
    assert num_pages(pdf) == 1
    text = read_text(pdf)
    for told in (
        "TUMOR-1",
        "Mutations: IMPACT468, 468 genes",
        "Fusions: not tested",
        "Can this be trusted? Within the reference",
        "11 of its 15 nearest tumors",
        "TUMOR-2",
        "Nivolumab",
        "alive at 31 months",
        "The 4 most like it: n = 4, 2 deaths, median 12 months (6 to not reached)",
        "Log-rank test: p = 0.40",
        "62% (41% to 80%)",
        "uncertain",
        "not calibrated",
        "Trained on n = 5,660",
        "KRAS missense+1.20 ± 0.10",
        "KRAS p.G12C; STK11 deep deletion",
        f"Model {'ab' * 32}",
        "Map main, version 3, July 24, 2026, 3,600 tumors",
        "some_study (3,600 tumors, cdcdcdcdcdcd)",
        "Made July 25, 2026",
        LINK,
        NOTICE,
    ):
        assert told in text, told


def test_the_same_report_gives_the_same_bytes() -> None:
    assert to_pdf(a_report(), MAP) == to_pdf(a_report(), MAP)


def test_a_report_of_a_strange_tumor_refuses_to_interpret() -> None:
    report = a_refused_report()
    text = read_text(to_pdf(report, ""))
    page = to_html(report, "")
    for written in (text, page):
        assert "Do not interpret" in written
        assert "would not hold, so none is given" in written
        assert "KRAS p.G12C" in written
        for hidden in ("TUMOR-2", "Stable", "62%", "Log-rank", "Where it lies", "Shapley"):
            assert hidden not in written, hidden


def test_what_is_hostile_in_the_pdf_is_text() -> None:
    pdf = to_pdf(hostile_report(), MAP)
    assert num_pages(pdf) == 1
    assert '#import "x"; $a^b$ *bold* @ref <script>alert(1)</script>' in read_text(pdf)


def test_however_much_there_is_it_stays_one_page() -> None:
    long = "A very long name of something that nobody would ever write in a table " * 4
    report = a_report(
        tumor=a_tumor(
            name=long,
            cancer_type=long,
            altering=tuple(an_alteration(f"GENE{i}LONG", protein_change=long) for i in range(900)),
            notes=(long,) * 30,
        ),
        neighbors=(replace(NEIGHBOR, sample_id=long, cancer_type=long, treatment=long),) * 15,
        calls=(replace(CALL, title=long, warning=long),) * 12,
    )
    assert num_pages(to_pdf(report, MAP)) == 1
    assert len(to_png(report, MAP)) == 1


class Reader(HTMLParser):
    """Collects the text and the tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_what_is_hostile_in_the_page_is_text() -> None:
    reader = Reader()
    reader.feed(to_html(hostile_report(), MAP))
    assert "script" not in {tag for tag, _ in reader.tags}
    assert any("<script>alert(1)</script>" in text for text in reader.text)


def test_the_page_fetches_nothing() -> None:
    page = to_html(a_report(), MAP)
    reader = Reader()
    reader.feed(page)
    addresses = [
        value or ""
        for _, held in reader.tags
        for key, value in held.items()
        if key in ("src", "href", "xlink:href", "action", "data")
    ]
    assert all(address.startswith("data:") for address in addresses)
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page
    assert NOTICE in page


def test_pdf_and_page_say_the_same() -> None:
    view = view_report(a_report())
    reader = Reader()
    reader.feed(to_html(a_report(), MAP))
    written = "\n".join(reader.text)
    told = [*view.sequenced, *view.trust.lines, *view.footer, view.alterations, view.name]
    assert view.survival is not None
    assert all(line in written for line in [*told, *view.survival.lines])


def test_the_json_follows_its_schema() -> None:
    schema = report_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator(schema)
    for report in (a_report(), a_refused_report(), hostile_report()):
        checker.validate(json.loads(to_json(report)))
    assert schema["properties"]["version"] == {"const": "1.0"}
    assert "0..1" in schema["$defs"]["CurveTold"]["properties"]["survival"]["description"]


def test_the_schema_refuses_what_is_not_in_it() -> None:
    document = json.loads(to_json(a_report())) | {"prognosis": "good"}
    with pytest.raises(jsonschema.ValidationError, match="prognosis"):
        jsonschema.Draft202012Validator(report_schema()).validate(document)


def test_a_phenopacket_holds_what_was_sequenced() -> None:
    packet = to_phenopacket(a_report())
    assert packet["subject"] == {
        "id": "TUMOR-1",
        "sex": "FEMALE",
        "timeAtLastEncounter": {"age": {"iso8601duration": "P61Y"}},
    }
    [sample] = packet["biosamples"]
    assert sample["individualId"] == "TUMOR-1"
    assert "Fusions: not tested" in sample["description"]
    [told] = packet["interpretations"]
    first, second = told["diagnosis"]["genomicInterpretations"]
    assert first["subjectOrBiosampleId"] == sample["id"]
    variation = first["variantInterpretation"]["variationDescriptor"]
    assert variation["geneContext"]["symbol"] == "KRAS"
    assert variation["vcfRecord"] == {
        "genomeAssembly": "GRCh37",
        "chrom": "12",
        "pos": "25398285",
        "ref": "C",
        "alt": "A",
    }
    assert variation["expressions"] == [{"syntax": "hgvs.p", "value": "p.G12C"}]
    other = second["variantInterpretation"]["variationDescriptor"]
    assert "vcfRecord" not in other
    assert other["structuralType"]["label"] == "copy_number_loss"
    assert packet["metaData"]["phenopacketSchemaVersion"] == "2.0"
    prefixes = {resource["namespacePrefix"] for resource in packet["metaData"]["resources"]}
    written = json.dumps(packet)
    assert set(re.findall(r'"id": "([A-Z]+):', written)) <= prefixes
    assert "nobody" not in written


def test_a_deletion_without_its_anchor_is_no_vcf_record() -> None:
    tumor = a_tumor(altering=(an_alteration(reference="CT", alternate="-"),))
    [told] = to_phenopacket(a_report(tumor=tumor))["interpretations"]
    [finding] = told["diagnosis"]["genomicInterpretations"]
    assert "vcfRecord" not in finding["variantInterpretation"]["variationDescriptor"]


def test_a_synthetic_tumor_is_labelled_in_every_form() -> None:
    report = a_report(tumor=a_tumor(synthetic=True))
    assert "sampled and is nobody" in read_text(to_pdf(report, MAP))
    assert "sampled and is nobody" in to_html(report, MAP)
    assert "synthetic: it was sampled" in to_phenopacket(report)["metaData"]["submittedBy"]
    assert json.loads(to_json(report))["tumor"]["synthetic"] is True


def test_curves_fall_in_steps_and_end_with_the_follow_up() -> None:
    survival = a_report().survival
    assert survival is not None
    drawing = draw_survival(survival)
    lines = re.findall(r'<polyline points="([^"]+)"', drawing)
    assert len(lines) == 2
    corners = [tuple(float(v) for v in pair.split(",")) for pair in lines[0].split()]
    steps = itertools.pairwise(corners)
    assert all(before[0] == after[0] or before[1] == after[1] for before, after in steps)
    assert corners[-1][0] == 506.0
    assert "stroke-dasharray" in drawing


def test_names_in_a_drawing_are_escaped() -> None:
    survival = a_report().survival
    assert survival is not None
    curves = (a_curve("<b>&"), a_curve("rest"))
    assert "&lt;b&gt;&amp;" in draw_survival(replace(survival, curves=curves))


def test_the_code_of_an_address_is_a_drawing() -> None:
    drawing = draw_qr(LINK)
    assert drawing.startswith("<svg")
    assert drawing != draw_qr(f"{LINK}2")


def test_without_an_address_there_is_no_code() -> None:
    report = a_report(link=None)
    assert "Reopen" not in read_text(to_pdf(report, MAP))
    assert "qr" not in to_html(report, MAP).split("</style>")[1]


def test_too_few_outcomes_are_told() -> None:
    report = a_report(survival=None)
    assert "too few tumors like it have a known outcome" in read_text(to_pdf(report, MAP))
    assert "too few tumors like it have a known outcome" in to_html(report, MAP)
