from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.batching import Batch, make_batch
from engine.devices import LEAST_BUDGET, Engine
from engine.errors import DeviceError
from engine.places import CpuPlace, DeviceConfig, choose_place
from engine.tokens import TumorTokens, tokenize
from engine.transfer import ALIGNMENT, buffer_of, is_laid_out, lay_out, map_tensors, views
from tests.engine.cohorts import random_tables, vocabulary

NUM_TUMORS = 60


class Counter(nn.Module):
    """Tells the tokens of each tumor, times a weight."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, batch: Batch) -> Tensor:
        return torch.bincount(batch.tumor, minlength=batch.num_tumors) * self.weight


@dataclass
class FakeDevice:
    """A device with two batches under way, that can run out of memory or fail."""

    name: str = "Fake"
    budget: int = 8 * LEAST_BUDGET
    depth: int = 2
    ahead: int = 2
    memory: int = 1 << 40  # weight of a batch from which on memory runs out
    fails_at_start: int = -1  # number of the call
    fails_at_finish: int = -1
    fails_at_prepare: int = -1
    fault: RuntimeError = field(default_factory=lambda: RuntimeError("CUDA error: out of host"))
    weigh: Callable[[Batch], int] = lambda batch: batch.num_tumors
    num_prepared: int = 0
    num_started: int = 0
    num_finished: int = 0
    under_way: int = 0
    most_under_way: int = 0
    recovered: int = 0
    adopted: list[nn.Module] = field(default_factory=list)

    def adopt(self, model: Any) -> Any:
        self.adopted.append(model)
        return model

    def prepare(self, batch: Batch) -> Batch:
        self.num_prepared += 1
        if self.num_prepared == self.fails_at_prepare:
            raise self.fault
        return lay_out(batch, pin=False)

    def start(self, call: Callable[[Batch], Any], batch: Batch) -> Any:
        self.num_started += 1
        if self.num_started == self.fails_at_start:
            raise torch.AcceleratorError("CUDA error: unspecified launch failure")
        if self.weigh(batch) > self.memory:
            raise torch.OutOfMemoryError("CUDA out of memory")
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        return call(batch)

    def finish(self, ticket: Any) -> Any:
        self.num_finished += 1
        self.under_way -= 1
        if self.num_finished == self.fails_at_finish:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        return ticket

    def recover(self) -> None:
        self.recovered += 1
        self.under_way = 0


@pytest.fixture(scope="module")
def tokens() -> TumorTokens:
    return tokenize(random_tables(NUM_TUMORS), vocabulary())


def run(engine: Engine[Any], tokens: TumorTokens, weight: int = 1) -> np.ndarray[Any, Any]:
    """Run all tumors, each counted as many times as long as it is; fail if one comes twice."""
    found = np.full(len(tokens), -1)
    for rows, result in engine.run(
        lambda model, batch: model(batch),
        lambda rows: make_batch(tokens, rows),
        (tokens.lengths + 3) * weight,
    ):
        assert (found[rows] == -1).all()
        found[rows] = result.numpy()
    return found


@pytest.mark.parametrize("ahead", [0, 2])
def test_every_tumor_is_computed_once(tokens: TumorTokens, ahead: int) -> None:
    engine = Engine(Counter().eval(), DeviceConfig(device="cpu", budget=40, ahead=ahead))
    assert (run(engine, tokens) == tokens.lengths).all()


def test_results_are_made_without_gradients_and_the_caller_keeps_its_own(
    tokens: TumorTokens,
) -> None:
    engine = Engine(Counter(), DeviceConfig(device="cpu", budget=40))
    batches = engine.run(
        lambda model, batch: model(batch), lambda rows: make_batch(tokens, rows), tokens.lengths
    )
    assert not next(batches)[1].requires_grad
    assert not torch.is_inference_mode_enabled()


def test_two_batches_are_under_way_on_a_device(tokens: TumorTokens) -> None:
    device = FakeDevice(budget=4 * LEAST_BUDGET)
    found = run(Engine(Counter(), place=device), tokens, weight=100)
    assert (found == tokens.lengths).all()
    assert device.most_under_way == 2


def test_out_of_memory_halves_the_budget(tokens: TumorTokens) -> None:
    told: list[str] = []
    device = FakeDevice(memory=NUM_TUMORS // 3)
    found = run(Engine(Counter(), place=device, notice=told.append), tokens, weight=25)
    assert (found == tokens.lengths).all()
    assert device.budget in (2 * LEAST_BUDGET, 4 * LEAST_BUDGET)
    assert device.recovered == len(told)
    assert told[0] == (
        "The device Fake ran out of memory; going on with batches of at most "
        f"{4 * LEAST_BUDGET:,} tokens."
    )


def test_a_device_without_any_memory_is_left(tokens: TumorTokens) -> None:
    told: list[str] = []
    device = FakeDevice(memory=0)
    engine = Engine(Counter(), place=device, notice=told.append)
    assert (run(engine, tokens, weight=25) == tokens.lengths).all()
    assert told[-1] == "The device Fake has no memory left; going on with the CPU, more slowly."
    assert isinstance(engine.place, CpuPlace)


@pytest.mark.parametrize("when", ["fails_at_start", "fails_at_finish"])
@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_lost_device_is_left_for_the_cpu(tokens: TumorTokens, when: str, call: int) -> None:
    told: list[str] = []
    device = FakeDevice(budget=2 * LEAST_BUDGET, **{when: call})
    model = Counter()
    engine = Engine(model, place=device, notice=told.append)
    assert (run(engine, tokens, weight=100) == tokens.lengths).all()
    assert told == ["The device Fake failed; going on with the CPU, more slowly."]
    assert device.adopted == [model]


def test_an_error_of_the_model_is_not_blamed_on_the_device(tokens: TumorTokens) -> None:
    def broken(model: nn.Module, batch: Batch) -> Tensor:
        raise RuntimeError("size mismatch")

    engine = Engine(Counter(), place=FakeDevice())
    with pytest.raises(RuntimeError, match="size mismatch"):
        list(engine.run(broken, lambda rows: make_batch(tokens, rows), tokens.lengths))


def test_a_cuda_device_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="finds none"):
        choose_place(DeviceConfig(device="cuda"))
    assert isinstance(choose_place(DeviceConfig()), CpuPlace)
    assert choose_place(DeviceConfig(budget=77)).budget == 77


@pytest.mark.parametrize("name", ["budget", "memory_gib"])
def test_a_limit_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(DeviceError, match=f"{name} is 0"):
        DeviceConfig(**{name: 0})


@pytest.mark.parametrize("rows", [[3, 0, 11], []])
def test_a_batch_comes_back_from_its_buffer(tokens: TumorTokens, rows: list[int]) -> None:
    batch = make_batch(tokens, np.array(rows, dtype=np.int64))
    laid = lay_out(batch, pin=False)
    buffer = buffer_of(laid)
    assert len(buffer) % ALIGNMENT == 0
    for again in (laid, views(buffer.clone(), laid)):
        for name, value in vars(batch).items():
            assert torch.equal(getattr(again, name).nan_to_num(7), value.nan_to_num(7)), name
            assert getattr(again, name).dtype == value.dtype


def test_what_lies_in_one_buffer_is_told_from_what_does_not(tokens: TumorTokens) -> None:
    batch = make_batch(tokens, np.arange(5))
    assert not is_laid_out(batch)
    assert is_laid_out(lay_out(batch, pin=False))
    assert not is_laid_out(replace(lay_out(batch, pin=False), vaf=batch.vaf.clone()))


def test_batches_reach_a_device_laid_out(tokens: TumorTokens) -> None:
    device = FakeDevice(budget=4 * LEAST_BUDGET, weigh=lambda batch: not is_laid_out(batch))
    device.memory = 0
    assert (run(Engine(Counter(), place=device), tokens, weight=100) == tokens.lengths).all()
    assert device.recovered == 0
    assert device.num_prepared == device.num_started > 1


def test_a_device_that_fails_while_a_batch_is_prepared_is_told_of_by_its_start(
    tokens: TumorTokens,
) -> None:
    device = FakeDevice(budget=2 * LEAST_BUDGET, fails_at_prepare=2)
    assert (run(Engine(Counter(), place=device), tokens, weight=100) == tokens.lengths).all()
    broken = FakeDevice(fails_at_prepare=1, fault=RuntimeError("no such view"))
    with pytest.raises(RuntimeError, match="no such view"):
        run(Engine(Counter(), place=broken), tokens)


def test_a_notice_is_logged_unless_somebody_asks_for_it(
    tokens: TumorTokens, caplog: pytest.LogCaptureFixture
) -> None:
    run(Engine(Counter(), place=FakeDevice(fails_at_start=1)), tokens)
    assert caplog.messages == ["The device Fake failed; going on with the CPU, more slowly."]


def test_results_of_any_shape_are_moved() -> None:
    ones = torch.ones(2)
    doubled = map_tensors(lambda x: 2 * x, (ones, [3], (ones,)))
    assert torch.equal(doubled[0], 2 * ones)
    assert doubled[1] == [3]
    assert torch.equal(doubled[2][0], 2 * ones)
