"On a card with CUDA: what must come out as on the CPU, what must not wait, what must go on. Noise instead of images: no data set is needed. CUDA_TESTS_ON=cpu rehearses it without a card."
import os, shutil
from dataclasses import fields
from importlib.util import find_spec, module_from_spec, spec_from_file_location

import pytest
import torch

from arm_nb.arm import ARM, ArmConfig
from arm_nb.experiment import build, run
from arm_nb.methods import METHODS
from arm_nb.models import model_for, prepared
from arm_nb.recall import RecallConfig, recall
from arm_nb.streams import Stream

DEVICE = os.environ.get('CUDA_TESTS_ON', 'cuda')
pytestmark = pytest.mark.skipif(DEVICE == 'cuda' and not torch.cuda.is_available(), reason='needs a CUDA device')
needs_cuda = pytest.mark.skipif(DEVICE != 'cuda', reason='only a card can wait')
G = torch.Generator().manual_seed(0)
X, Y = torch.rand(10, 3, 32, 32, generator=G), torch.tensor([0, 1] * 5)
SMALL = dict(N=4, M=8, T=4, recall_from=2, S=2, mem_total=12, candidates=9, hidden=8, z=3, warmup=8)


def steps(n, device, compile=False, channels_last=False):
    "n iterations of ARM in float64 on one batch; then the network, flat, on the CPU."
    cfg = ArmConfig(M=100, S=2, T=5, recall_from=1, eta_0=.01, eta_1=10.)     # with fewer, draws miss images, and another shape is another compilation
    arm = ARM(prepared(model_for((3, 32, 32), 10, 0).double(), channels_last=channels_last).to(device), cfg, torch.Generator().manual_seed(0))
    arm.compile = compile
    for _ in range(n): arm.observe(X.to(device), Y.to(device))
    return arm, torch.cat([t.detach().double().flatten().cpu() for t in arm.model.state_dict().values()])


@pytest.fixture(scope='module')
def on_the_cpu(): return steps(3, 'cpu')[1]


@pytest.mark.parametrize('how', [{}, dict(channels_last=True), dict(compile=True, channels_last=True)], ids=['as it is', 'channels_last', 'compiled'])
def test_arm_on_cuda_is_that_of_the_cpu(how, on_the_cpu):
    if how.get('compile') and not shutil.which('g++'): pytest.skip('torch.compile needs g++')
    _, there = steps(3, DEVICE, **how)
    assert (there - on_the_cpu).norm() < 1e-6 * on_the_cpu.norm()


def test_lines_5_to_9_as_one_recorded_graph_are_arms(root):
    spec = spec_from_file_location('bench_gpu', root/'benchmarks'/'bench_gpu.py')
    bench = module_from_spec(spec)
    spec.loader.exec_module(bench)
    arm, plain = (bench.arm_for(DEVICE, dtype=torch.float64) for _ in range(2))
    given = bench.Given(arm)
    replay, name = bench.recorded(given)
    for x, y in bench.batches(DEVICE, 2):
        given.feed(x.double(), y); replay()
        plain(x.double(), y)
    assert bench.apart(arm, plain) < 1e-6 and name == ('recorded' if DEVICE == 'cuda' else 'unrecorded')


@needs_cuda
def test_nothing_in_a_recall_waits_for_cuda():                          # for every method, without a GPU: tests/test_waits.py
    arm, _ = steps(2, DEVICE)
    x, y, copies = X.cuda(), Y.cuda(), torch.full((10,), 10., device='cuda')
    recall(x, arm.model_old, arm.model, y, RecallConfig(S=2), copies)   # caches warm
    torch.cuda.set_sync_debug_mode('error')
    try: x_hat = recall(x, arm.model_old, arm.model, y, RecallConfig(S=2), copies)
    finally: torch.cuda.set_sync_debug_mode('default')
    assert x_hat.is_cuda and x_hat.isfinite().all()


@pytest.fixture(scope='module')
def noise():
    g = torch.Generator().manual_seed(1)
    x, y = torch.randint(256, (120, 1, 28, 28), dtype=torch.uint8, generator=g), torch.arange(6).repeat(20)
    return Stream.from_arrays('noise', dict(train=(x, y), test=(x[:36], y[:36])), n_tasks=3)


def small(name): return {k: v for k, v in SMALL.items() if k in {f.name for f in fields(METHODS[name].config)}}


@pytest.mark.parametrize('name', METHODS)
def test_every_method_comes_to_its_end_on_cuda(name, noise):
    if name == 'gem' and not find_spec('quadprog'): pytest.skip('GEM needs quadprog')
    record = run(noise, name, 0, preset='mnist5k', device=DEVICE, eval_every=5, progress=False, **small(name))
    assert record.complete and record.versions['device'].startswith(DEVICE) and len(record.curves['accuracy']) >= 5


def test_a_run_on_cuda_goes_on_from_its_checkpoint(noise, tmp_path):
    class Enough(Exception): pass
    def stop(learner):
        if learner.t == 17: raise Enough
    how = dict(preset='mnist5k', device=DEVICE, progress=False, checkpoint=tmp_path/'c', checkpoint_every=5, **small('arm'))
    with pytest.raises(Enough): build(noise, 'arm', 0, callbacks=[stop], **how).fit()
    went_on = build(noise, 'arm', 0, **how).fit()
    assert went_on.complete and 'resumed' in went_on.versions and went_on.n_iterations == run(noise, 'arm', 0, **how | dict(checkpoint=None, checkpoint_every=0)).n_iterations
