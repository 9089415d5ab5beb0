"An iteration does not wait for the device: found without one. Its tensors say that they are elsewhere, are computed here, and tell whenever somebody must wait for them."
import sys
from collections import Counter
from dataclasses import fields, replace

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from arm_nb.methods import METHODS
from arm_nb.learner import evaluate

LOOKS = {'_local_scalar_dense', 'equal', 'is_nonzero', 'masked_select', 'nonzero', '_unique2', 'unique_dim', 'unique_consecutive'}   # whose result, or its size, the host needs
seen = Counter()                                        # 'fetch': host waits for a value; 'send': a copy to the device that waits (a GPU finishes its work first)


class Away(torch.Tensor):
    "A tensor on another device (that calls itself 'meta'), whose numbers are really here."
    @staticmethod
    def __new__(cls, here):
        t = torch.Tensor._make_wrapper_subclass(cls, here.size(), strides=here.stride(), storage_offset=here.storage_offset(), dtype=here.dtype, device='meta')
        t.here = here
        return t
    __torch_function__ = torch._C._disabled_torch_function_impl
    @classmethod
    def __torch_dispatch__(cls, op, types, args=(), kwargs=None): return compute(op, args, kwargs or {})
    def tolist(self): seen['fetch'] += 1; return self.here.tolist()
    def new_tensor(self, data, **how): seen['send'] += 1; return Away(self.here.new_tensor(data, **how))


def compute(op, args, kwargs):
    "An operation, done here. Its result is where its arguments are, or where it is told to be."
    name, tensors = op._overloadpacket.__name__, [t for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor)]
    away, told = [isinstance(t, Away) for t in tensors], kwargs.get('device')
    to = any(away) if told is None else torch.device(told).type == 'meta'
    if name in ('_to_copy', 'copy_'):
        source, to = (away[1], away[0]) if name == 'copy_' and len(away) > 1 else (away[0], to)
        if source and not to: seen['fetch'] += 1
        if to and not source and not kwargs.get('non_blocking'): seen['send'] += 1
    elif any(away):
        if name in LOOKS: seen['fetch'] += 1
        if name.startswith('index') and isinstance(args[1], (list, tuple)):
            seen['fetch'] += any(i is not None and i.dtype in (torch.bool, torch.uint8) for i in args[1])       # a mask: how many are there?
            seen['send'] += sum(i is not None and not isinstance(i, Away) for i in args[1])                     # positions from the host
        else: assert all(a or not t.dim() for a, t in zip(away, tensors)), f'{name}: tensors on two devices'
    here = lambda t: t.here if isinstance(t, Away) else t
    kwargs = kwargs | (dict(device='cpu') if told is not None else {})
    out, known = op(*tree_map(here, args), **tree_map(here, kwargs)), {id(t.here): t for t in tensors if isinstance(t, Away)}   # in-place: the tensor itself
    there = lambda t: known[id(t)] if id(t) in known else Away(t) if to and isinstance(t, torch.Tensor) else t
    return tree_map(there, out)


class Watched(TorchDispatchMode):
    def __torch_dispatch__(self, op, types, args=(), kwargs=None): return compute(op, args, kwargs or {})


def sent(model):
    "A network whose parameters and buffers are elsewhere."
    for m in model.modules():
        for k, p in m._parameters.items():
            if p is not None: m._parameters[k] = torch.nn.Parameter(Away(p.detach().clone()), p.requires_grad)
        for k, b in m._buffers.items():
            if b is not None: m._buffers[k] = Away(b.clone())
    return model


def waits_of(name, monkeypatch, digits=True, n=10, classes=6, most=None):
    "What one iteration of a method waits for in its last task, on two classes a task, of which the loop may have told how many there can be; and the method."
    monkeypatch.setattr(sys.modules['torch.optim.optimizer'], '_get_fused_kernels_supported_devices', lambda: ['cpu', 'meta'])     # GEN's Adam is fused
    small = dict(N=4, M=8, T=4, recall_from=2, S=2, mem_total=12, candidates=9, iterations=2, hidden=8, z=3, warmup=8, n_features=16, epochs=5)
    m, shape, g = METHODS[name], (1, 28, 28) if digits else (3, 32, 32), torch.Generator().manual_seed(0)
    cfg = m.config.preset('mnist-mini' if digits else 'mnist-color')
    s = m.strategy(sent(m.model(shape, classes, 0)), replace(cfg, **{k: v for k, v in small.items() if k in {f.name for f in fields(cfg)}}), torch.Generator().manual_seed(0))
    s.most_classes = most
    for t in range(n):
        x, y = Away(torch.rand(4, *shape, generator=g)), Away(torch.tensor([0, 1, 0, 1]) + 2 * (classes // 2 * t // n))
        seen.clear()
        losses = s(x, y)
    assert all(isinstance(v, Away) and v.here.isfinite() for v in losses.values())     # it did happen, and its losses are still over there
    return dict(seen), s


def test_the_spy_sees_what_makes_one_wait():
    x = Away(torch.arange(6.))
    for look, what in ((lambda: x.tolist(), 'fetch'), (lambda: x.sum().item(), 'fetch'), (lambda: float(x[0]), 'fetch'), (lambda: bool((x > 1).any()), 'fetch'), (lambda: x.cpu(), 'fetch'),
                       (lambda: x[x > 2], 'fetch'), (lambda: (x > 1).nonzero(), 'fetch'), (lambda: x.unique(), 'fetch'),
                       (lambda: x[torch.tensor([1, 2])], 'send'), (lambda: torch.ones(2).to('meta'), 'send'), (lambda: x.new_tensor(.1), 'send'),
                       (lambda: (x * 2).sum(), None), (lambda: torch.zeros(3, device='meta'), None), (lambda: x.new_full((), .1), None), (lambda: torch.ones(2).to('meta', non_blocking=True), None), (lambda: x[1:3], None), (lambda: x.clone().add_(1), None)):
        seen.clear()
        with Watched(): look()
        assert [k for k, v in seen.items() if v] == ([what] if what else []), what
    with Watched(), pytest.raises(AssertionError, match='two devices'): x + torch.ones(6)


def test_an_evaluation_fetches_once(monkeypatch):
    with Watched():
        _, s = waits_of('naive', monkeypatch, n=1)
        g = torch.Generator().manual_seed(1)
        sets = [(Away(torch.randint(256, (8, 1, 28, 28), dtype=torch.uint8, generator=g)), Away(torch.tensor([t, t + 1]).repeat(4))) for t in range(3)]
        seen.clear()
        accuracy = evaluate(s, sets, batch=4)
    assert seen['fetch'] == 1 and not seen['send'] and len(accuracy) == 3 and all(0 <= a <= 1 for a in accuracy), (seen, accuracy)


# What cannot be done over there: which classes there are decides what is asked of whom (adi, er, er-mir, gdumb, icarl, gem, a-gem), and GEM's quadratic programme is solved on the CPU.
FETCHES = dict(stationary=0, naive=0, masked=0, ncm=0, slda=0, ridge=0, lwf=0, arm=0, gen=0, adi=1, er=1, gdumb=1, icarl=1, gem=2, ewc=0, si=0, mas=0, imm=0) | {'er-mir': 1, 'gen-mir': 0, 'a-gem': 1}


@pytest.mark.parametrize('name', METHODS)
def test_an_iteration_fetches_nothing_but_what_it_must(name, monkeypatch):
    with Watched(): found, s = waits_of(name, monkeypatch)
    assert found.get('fetch', 0) == FETCHES[name], found


def test_what_arm_sends_is_what_it_draws(monkeypatch):                                   # not a number for each of the ResNet's batch norms in each pass
    for digits in (True, False):
        with Watched(): found, _ = waits_of('arm', monkeypatch, digits)
        assert found.get('fetch', 0) == 0 and found.get('send', 0) <= 3, found          # line 6's positions, twice, and how many copies of each


@pytest.mark.parametrize('most, fetched', [(2, 0), (None, 1), (4, 1)])
def test_arm_looks_at_the_classes_only_where_a_batch_may_hold_all(most, fetched, monkeypatch):
    "As many images in a batch as there are classes, as on CIFAR-10: the loop says that a task has two."
    with Watched(): found, _ = waits_of('arm', monkeypatch, classes=4, most=most)
    assert found.get('fetch', 0) == fetched, found
