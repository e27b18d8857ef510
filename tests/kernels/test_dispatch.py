from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from kernels import choice, dispatch, ops, peers, reference
from kernels.choice import Kernel, Machine, Request, Wish
from kernels.dispatch import Rotation, rotary, varlen_attention
from kernels.errors import KernelInputError, KernelUnavailableError
from tests.kernels.test_ops import LENGTHS, STEPS, boundaries, positions, tensors

BOUNDS = [0, 3, 3, 4, 11, 18]


@pytest.fixture(autouse=True)
def nothing_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(choice.VARIABLE, raising=False)
    choice.current_wish.cache_clear()
    yield
    choice.current_wish.cache_clear()


def rotation() -> Rotation:
    return Rotation(positions(), STEPS)


def expected(*qkv: Tensor) -> Tensor:
    return reference.varlen_attention(*qkv, BOUNDS, positions=positions(), steps=STEPS)


def test_on_the_cpu_the_reference_runs_without_a_custom_op(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dispatch, "ops", None)
    monkeypatch.setattr(dispatch, "_turn", lambda q, k, rotation: (q, k))
    qkv = tensors()
    plain = reference.varlen_attention(*qkv, BOUNDS)
    assert torch.equal(varlen_attention(*qkv, BOUNDS), plain)


def test_boundaries_may_be_numbers_or_a_tensor() -> None:
    qkv = tensors()
    found = varlen_attention(*qkv, BOUNDS, rotation=rotation())
    assert torch.equal(found, varlen_attention(*qkv, boundaries(), rotation=rotation()))
    assert torch.allclose(found, expected(*qkv), atol=1e-7)


def test_a_rotation_makes_its_table_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    table = reference.rotary_table
    monkeypatch.setattr(
        reference, "rotary_table", lambda *phases: made.append(phases) or table(*phases)
    )
    turn = rotation()
    for _ in range(4):
        varlen_attention(*tensors(), BOUNDS, rotation=turn)
    assert len(made) == 1


def test_rotary_is_that_of_the_reference_and_in_place_when_asked() -> None:
    q, k, _ = tensors()
    turned = rotary(q, k, positions(), STEPS)
    assert torch.equal(turned[0], reference.rotary(q, k, positions(), STEPS)[0])
    back = rotary(*turned, positions(), STEPS, inverse=True, inplace=True)
    assert back[0] is turned[0]
    assert torch.allclose(back[1], k, atol=1e-6)


class Attention(nn.Module):
    """A projection and attention, as a block has them."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.qkv = nn.Linear(16, 48)

    def forward(self, x: Tensor, where: Tensor, bounds: Tensor) -> Tensor:
        q, k, v = self.qkv(x).unflatten(-1, (3, 2, 8)).unbind(1)
        return varlen_attention(q, k, v, bounds, rotation=Rotation(where, STEPS)).flatten(1)


def test_compiled_in_one_graph_it_computes_the_same_forward_and_backward() -> None:
    model = Attention()
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    x = torch.randn(sum(LENGTHS), 16, generator=torch.Generator().manual_seed(3))
    results = []
    for run in (model, compiled):
        model.zero_grad()
        out = run(x, positions(), boundaries())
        out.square().sum().backward()
        assert model.qkv.weight.grad is not None
        results.append((out, model.qkv.weight.grad.clone()))
    assert torch.allclose(results[0][0], results[1][0], atol=1e-6)
    assert torch.allclose(results[0][1], results[1][1], atol=1e-5)


def test_rotary_compiles_but_not_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    q, k, _ = tensors()
    where = positions()
    compiled = torch.compile(
        lambda q, k: rotary(q, k, where, STEPS), fullgraph=True, backend="aot_eager"
    )
    assert torch.allclose(compiled(q, k)[0], rotary(q, k, where, STEPS)[0], atol=1e-7)
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    with pytest.raises(KernelInputError, match="Leave `inplace` out"):
        rotary(q, k, where, STEPS, inplace=True)


@pytest.mark.parametrize("is_compiled", [False, True])
def test_autocast_computes_in_its_dtype(*, is_compiled: bool) -> None:
    model = Attention()
    run = torch.compile(model, fullgraph=True, backend="aot_eager") if is_compiled else model
    x = torch.randn(sum(LENGTHS), 16, generator=torch.Generator().manual_seed(4))
    exact = model(x, positions(), boundaries())
    with torch.autocast("cpu", torch.bfloat16):
        found = run(x, positions(), boundaries())
        wide = varlen_attention(*tensors(), BOUNDS)
    assert found.dtype == wide.dtype == torch.bfloat16
    assert (found.float() - exact).abs().max() < 0.02


def test_hooks_see_the_gradient_of_each_input() -> None:
    model, seen = Attention(), []
    model.qkv.register_full_backward_hook(lambda module, before, after: seen.append(after[0]))
    x = torch.randn(18, 16, requires_grad=True)
    model(x, positions(), boundaries()).sum().backward()
    assert seen[0].shape == (18, 48)


def test_the_variable_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(choice.VARIABLE, "triton")
    machine = Machine(triton="3.9.0")
    monkeypatch.setattr(dispatch, "this_machine", lambda: machine)
    with pytest.raises(KernelUnavailableError, match="lie on the CPU"):
        varlen_attention(*tensors(), BOUNDS)
    choice.current_wish.cache_clear()
    monkeypatch.setenv(choice.VARIABLE, "reference")
    assert torch.equal(varlen_attention(*tensors(), BOUNDS), varlen_attention(*tensors(), BOUNDS))


def chosen(monkeypatch: pytest.MonkeyPatch, kernel: Kernel) -> None:
    made = choice.Choice(kernel=kernel, why="a test")
    monkeypatch.setattr(dispatch, "_choose_for", lambda *call: made)


@pytest.mark.parametrize(
    ("kernel", "name", "bounds"),
    [
        (Kernel.FLASH, "flash_attention", BOUNDS),
        (Kernel.TORCH_VARLEN, "torch_varlen_attention", BOUNDS),
        (Kernel.TORCH_VARLEN, "torch_varlen_attention", boundaries()),
    ],
)
def test_peers_get_rotated_queries_and_the_longest_length(
    monkeypatch: pytest.MonkeyPatch, kernel: Kernel, name: str, bounds: Any
) -> None:
    def stand_in(q: Tensor, k: Tensor, v: Tensor, cu: Tensor, longest: int, *rest: Any) -> Tensor:
        assert cu.dtype == torch.int32
        assert cu.tolist() == BOUNDS
        assert longest == 7
        return reference.varlen_attention(q, k, v, cu)

    chosen(monkeypatch, kernel)
    monkeypatch.setattr(peers, name, stand_in)
    qkv = tensors()
    found = varlen_attention(*qkv, bounds, rotation=rotation())
    assert torch.allclose(found, expected(*qkv), atol=1e-6)


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors is in prototype stage")
def test_jagged_attention_is_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen(monkeypatch, Kernel.JAGGED)
    qkv = [x[:18] for x in tensors()]
    found = varlen_attention(*qkv, BOUNDS, rotation=rotation())
    assert torch.allclose(found, expected(*qkv), atol=1e-6)


def test_the_own_kernel_rotates_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    from kernels import attention

    def stand_in(q: Tensor, k: Tensor, v: Tensor, cu: Tensor, **more: Any) -> Tensor:
        assert more["positions"] is turn.positions
        return reference.varlen_attention(q, k, v, cu, **more)

    turn = rotation()
    chosen(monkeypatch, Kernel.TRITON)
    monkeypatch.setattr(attention, "varlen_attention", stand_in)
    qkv = tensors()
    found = varlen_attention(*qkv, BOUNDS, rotation=turn)
    assert torch.allclose(found, expected(*qkv), atol=1e-6)


@pytest.mark.parametrize("kernel", list(Kernel))
def test_no_tokens_give_no_values(monkeypatch: pytest.MonkeyPatch, kernel: Kernel) -> None:
    chosen(monkeypatch, kernel)
    q, k, v = (x[:0] for x in tensors())
    assert varlen_attention(q, k, v, [0, 0]).shape == (0, 2, 8)


def test_a_call_is_described_for_the_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Request] = []

    def record(request: Request, wish: Wish, machine: Machine) -> choice.Choice:
        seen.append(request)
        return dispatch.ON_CPU

    monkeypatch.setattr(dispatch, "choose", record)
    monkeypatch.setattr(dispatch, "current_wish", lambda: Wish.REFERENCE)
    slopes = torch.tensor([0.5, 0.25])
    varlen_attention(*tensors(), BOUNDS, rotation=rotation(), alibi_slopes=slopes)
    assert seen == [
        Request(device="cpu", dtype=torch.float32, head_width=8, has_rotation=True, has_alibi=True)
    ]


def test_triton_runs_nothing_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    run: Callable[..., bool] = ops.runs_triton
    assert not run(tensors()[0])
    monkeypatch.setattr(ops, "current_wish", lambda: Wish.TRITON)
    with pytest.raises(KernelUnavailableError, match="lie on the CPU"):
        run(tensors()[0])
