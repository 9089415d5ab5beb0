"bf16, channels_last and compile: what they may change, and where a record says so. (On a card: tests/test_cuda.py.)"
import shutil

import pytest
import torch

from arm_nb.arm import ARM, ArmConfig, arm_step_literal, draw_starts
from arm_nb.experiment import build
from arm_nb.learner import Learner
from arm_nb.record import COMPUTE_DEFAULTS, run_path
from arm_nb.sweeps import plan
from arm_nb.models import model_for, prepared
from arm_nb.report import changes, command_of
from arm_nb.streams import get_stream, to_unit

COLOUR = get_stream('mnist-color')
X, Y = to_unit(COLOUR.train[0][0][:10]), COLOUR.train[0][1][:10]
needs_compiler = pytest.mark.skipif(not shutil.which('g++'), reason='torch.compile needs g++')


def steps(n, amp='off', channels_last=False, compile=False, shape=(3, 32, 32), dtype=torch.float32):
    "n ARM iterations of a ResNet (or an MLP) on one batch of digits in colour (or their first channel)."
    cfg = ArmConfig(M=30, S=3, T=5, recall_from=1, eta_0=.01, eta_1=10.)
    arm = ARM(prepared(model_for(shape, 10, 0), amp, channels_last).to(dtype), cfg, torch.Generator().manual_seed(0))
    arm.compile = compile
    x = X[:, :shape[0], :shape[1], :shape[2]]
    losses = [arm.observe(x, Y) for _ in range(n)]
    return losses, arm


def apart(a, b):
    "Relative distance of all parameters and buffers of two networks."
    flat = lambda arm: torch.cat([t.detach().double().flatten().cpu() for t in arm.model.state_dict().values()])
    return ((flat(a) - flat(b)).norm() / flat(a).norm()).item()


def test_the_step_is_the_literal_one_at_the_size_of_cifar10():           # (in the usual layout: chapter 20)
    cfg = ArmConfig(M=100, S=2, T=5, recall_from=0, eta_0=.01, eta_1=10.)
    arm = ARM(prepared(model_for((3, 32, 32), 10, 0).double(), channels_last=True), cfg, torch.Generator().manual_seed(0))
    model, old = (model_for((3, 32, 32), 10, 0).double() for _ in range(2))
    x_hat = arm_step_literal(model, old, X.double(), Y, cfg, torch.Generator().manual_seed(0))
    arm(X, Y)
    i = draw_starts(cfg, 10, torch.Generator().manual_seed(0))
    ours = arm.last.x_hat[torch.searchsorted(i.unique(), i)]
    assert len(i) == 100 and (ours - x_hat).abs().max() < 1e-10
    for (name, a), b in zip(model.state_dict().items(), arm.model.state_dict().values()): assert (a - b).abs().max() < 1e-10, name


def test_channels_last_is_the_same_network():
    (one, a), (two, b) = (steps(4, channels_last=last, dtype=torch.float64) for last in (False, True))
    assert apart(a, b) < 1e-9 and all(abs(p[k] - q[k]) < 1e-6 for p, q in zip(one, two) for k in p)


def test_bf16_stays_near_single_precision():
    (one, a), (two, b) = steps(4), steps(4, amp='bf16', channels_last=True)
    assert 1e-6 < apart(a, b) < .02                                     # bf16 keeps 8 bits: about 0.004 a number
    assert all(abs(p['real'] - q['real']) < .05 * max(1, p['real']) for p, q in zip(one, two))
    assert all(p.dtype == torch.float32 for p in b.model.parameters())


@needs_compiler
def test_a_compiled_recall_is_the_plain_one():
    (one, a), (two, b) = (steps(4, compile=c, shape=(1, 28, 28), dtype=torch.float64) for c in (False, True))
    assert apart(a, b) < 1e-9 and all(abs(p[k] - q[k]) < 1e-6 for p, q in zip(one, two) for k in p)


def test_a_record_says_how_it_was_computed(tmp_path):
    plain, fast = (build('mnist-mini', 'arm', 3, **how, progress=False) for how in ({}, dict(amp='bf16', channels_last=True, compile=True)))
    assert not COMPUTE_DEFAULTS.keys() & plain.record.versions.keys() and fast.record.versions.items() >= dict(amp='bf16', channels_last=True, compile=True).items()
    assert run_path(plain.record) != run_path(fast.record)
    assert changes(fast.record) == ['amp=bf16', 'channels_last', 'compile'] and command_of([fast.record]).endswith('--amp bf16 --channels-last --compile')
    for method in ('arm', 'er'):                                        # the file that a sweep looks for is the one that a run writes
        how = dict(amp='bf16', compile=True)
        job, = plan('mnist-mini', [method], [3], **how)
        assert job.path == run_path(build('mnist-mini', method, 3, **how).record)


def test_a_checkpoint_of_another_precision_is_refused(tmp_path):
    short = dict(eta_0=.05, N=400)
    args = lambda: dict(progress=False, checkpoint=tmp_path/'c', **short)
    build('mnist-mini', 'naive', **args()).fit()
    with pytest.raises(ValueError, match="belongs to another run: amp is None there and 'bf16' here"): build('mnist-mini', 'naive', amp='bf16', **args()).fit()


@pytest.mark.parametrize('method', ['naive', 'lwf', 'er', 'er-mir', 'icarl', 'gem', 'adi', 'arm'])
def test_every_method_runs_in_bf16(method):
    more = dict(recall_from=0) if method in ('arm', 'adi') else {}
    learner = build('mnist-color', method, amp='bf16', channels_last=True, progress=False, **more)
    assert isinstance(learner, Learner)
    losses = [learner.strategy.observe(X, Y) for _ in range(2)]
    assert all(v == v for loss in losses for v in loss.values()) and learner.strategy.predict(X).dtype == torch.float32
