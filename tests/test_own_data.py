"One's own data, network and method, everywhere that ours go: `run`, `sweep`, the command; and nothing is read back that is another run."
import importlib, json, subprocess, sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import arm_nb
from arm_nb import METHODS, Stream, get_stream, register, register_data, run, sweep
from arm_nb.divergence import DIVERGENCES
from arm_nb.learner import Naive
from arm_nb.models import MLP
from arm_nb.record import load_records
from arm_nb.settings import DATA_ROWS
from arm_nb.streams import DATASETS

quiet = dict(progress=False)


@pytest.fixture
def pets(tmp_path):
    "Twelve pictures in three classes, as torchvision's ImageFolder wants them."
    from PIL import Image
    rng = np.random.RandomState(0)
    for part, n in (('train', 3), ('test', 1)):
        for c in ('cat', 'dog', 'eel'):
            (tmp_path/'pets'/part/c).mkdir(parents=True)
            for i in range(n): Image.fromarray(rng.randint(256, size=(36, 40, 3), dtype=np.uint8)).save(tmp_path/'pets'/part/c/f'{i}.png')
    return tmp_path/'pets'


def small(in_shape, n_classes, seed):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(in_shape[0], 4, 3, stride=4), nn.ReLU(), nn.Flatten(), nn.LazyLinear(n_classes))


def tiny(in_shape, n_classes, seed): return MLP(in_shape, n_classes, 3)


def test_a_folder_of_pictures_through_run_sweep_and_the_command(pets, tmp_path):
    stream = Stream.from_folder(pets, side=32, n_tasks=3)
    assert stream.counts == (9, 0, 3) and stream.class_names == ['cat', 'dog', 'eel']
    one = run(stream, 'er', preset='cifar10', model=tiny, N=1, **quiet)
    assert one.complete and one.data == 'pets' and set(one.marks) == {'data', 'network'} and one.stage_ends == [3, 6, 9]
    two = sweep(stream, ['er', 'arm'], [0], folder=tmp_path/'runs', workers=2, preset='cifar10', model=tiny, N=1)
    assert two[0].same(one) and two[1].config['T'] == 3 and any(p for p in two[1].recalled)
    sh = [sys.executable, '-m', 'arm_nb', 'run', '--data', f'folder:{pets}', '--side', '32', '--preset', 'cifar10', '--method', 'naive', '--out', str(tmp_path/'cli'), '--json']
    out = json.loads(subprocess.run(sh, check=True, capture_output=True, text=True).stdout)
    assert out['data'] == 'pets' and Path(out['file']).exists() and out['config']['eta_0'] == .1
    said = subprocess.run([*sh[:-7], '--method', 'naive'], capture_output=True, text=True)
    assert said.returncode == 2 and "preset=" in said.stderr


def test_another_pool_of_images_another_width_another_step_are_run_again(tmp_path):
    mini = get_stream('mnist-mini')
    x, y = (torch.cat([part[i][:40] for part in mini.train]) for i in (0, 1))
    def go(x, model=None): return sweep(Stream.from_arrays('mine', x, y, n_tasks=5, sizes=(20, 0, 10)), ['naive'], [0], folder=tmp_path, workers=1, preset='mnist5k', model=model)[0]
    def narrow(in_shape, n_classes, seed): return MLP(in_shape, n_classes, 2)
    a, b, c = go(x), go(255 - x), go(x, narrow)
    assert len(load_records(tmp_path)) == 3 and len({json.dumps(r.marks) for r in (a, b, c)}) == 3
    assert go(x).same(a) and go(x, narrow).same(c) and len(load_records(tmp_path)) == 3            # asked for again: read back
    for rate in (1., .5):
        class Mine(Naive):
            "Naive, at a share of its rate."
            def step(self, xb, yb, rate=rate): return {'real': super().step(xb, yb)['real'] * rate}
        register('mine')(Mine)
        sweep(Stream.from_arrays('mine', x, y, n_tasks=5, sizes=(20, 0, 10)), ['mine'], [0], folder=tmp_path, workers=1, preset='mnist5k')
    del METHODS['mine']
    losses = [r.losses['real'] for r in load_records(tmp_path) if r.method == 'mine']
    assert len(losses) == 2 and losses[0] != losses[1]


class Tempered(nn.Module):
    "One layer, its logits divided by a number."
    def __init__(self, n, t):
        super().__init__()
        self.layer, self.t = nn.Linear(64, n), t
    def forward(self, x): return self.layer(x.flatten(1)) / self.t


SCALE = 1.


def scaled(loss): return loss * SCALE


class Scaled(Naive):
    "Naive, told another loss."
    def step(self, xb, yb): return {'real': scaled(super().step(xb, yb)['real'])}


def scaled_difference(a, b, T): return ((a - b) / T).square().mean(-1)


def test_another_number_in_a_network_a_method_or_a_divergence_is_run_again(tmp_path, monkeypatch):
    from functools import partial
    x = torch.randint(256, (60, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    stream = Stream.from_arrays('mine', x, torch.arange(60) % 4, n_tasks=2, sizes=(10, 2, 3))
    def go(method, **more): return sweep(stream, [method], [0], folder=tmp_path, workers=1, preset='mnist5k', **more)[0]
    networks = [go('naive', model=lambda shape, n, seed, t=t: Tempered(n, t)) for t in (1., 50.)]
    assert networks[0].losses != networks[1].losses
    monkeypatch.setitem(METHODS, 'scaled', METHODS['naive'].__class__(Scaled, 'here'))
    methods = []
    for scale in (1., 2.):
        monkeypatch.setitem(globals(), 'SCALE', scale)
        methods.append(go('scaled'))
    assert methods[0].losses != methods[1].losses
    divergences = []
    for T in (1., 1000.):
        monkeypatch.setitem(DIVERGENCES, 'scaled', partial(scaled_difference, T=T))
        divergences.append(go('arm', div='scaled', model=tiny))
    assert divergences[0].losses != divergences[1].losses
    before = len(load_records(tmp_path))
    assert go('arm', div='scaled', model=tiny).same(divergences[1]) and len(load_records(tmp_path)) == before == 6


@pytest.mark.parametrize('backend', ['loky', 'dask', 'ray'])
def test_what_is_registered_by_hand_reaches_the_workers(backend, tmp_path, monkeypatch):
    import joblib
    client = ray = None
    if backend == 'ray':
        monkeypatch.setenv('RAY_USAGE_STATS_ENABLED', '0')
        ray = pytest.importorskip('ray', reason="pip install 'arm_nb[ray]'")
        from ray.util.joblib import register_ray
        register_ray()
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    if backend == 'dask':
        distributed = pytest.importorskip('dask.distributed')
        client = distributed.Client(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    try:
        @register('sleepy')
        class Sleepy(Naive):
            "Learns nothing."
            def step(self, xb, yb): return {'real': self.model(xb).sum()*0}
        register_data('few', lambda: Stream.from_arrays('few', torch.arange(12*16, dtype=torch.uint8).view(12, 1, 4, 4), torch.arange(12) % 3, n_tasks=3, sizes=(3, 0, 1)), preset='mnist5k')
        DIVERGENCES['mine'] = lambda a, b: (a - b).square().mean(-1)
        with joblib.parallel_config(backend=backend):
            records = sweep('few', ['sleepy', 'naive'], [0, 1], folder=tmp_path, workers=2)
            arm = sweep('few', ['arm'], [0, 1], folder=tmp_path, workers=2, div='mine', N=1, model=tiny)
        assert [r.method for r in records] == ['sleepy', 'naive']*2 and {r.data for r in records} == {'few'}
        assert set(arm[0].marks) == {'data', 'network', 'div'} and any(arm[0].recalled)
    finally:
        for table, name in ((METHODS, 'sleepy'), (DATASETS, 'few'), (DATA_ROWS, 'few'), (DIVERGENCES, 'mine')): table.pop(name, None)
        if client: client.close()
        if ray: ray.shutdown()


def test_class_order_by_list_and_by_seed():
    a = run(method='naive', class_order=3, **quiet)
    order = a.marks['class_order']
    assert sorted(order) == list(range(10)) and a.task_classes == [order[i:i + 2] for i in range(0, 10, 2)]
    assert a.same(run(method='naive', class_order=3, **quiet)) and a.same(run(method='naive', class_order=order, **quiet))
    plain = run(method='naive', **quiet)
    assert not plain.same(a) and plain.marks == {} and plain.same(run(method='naive', class_order=None, **quiet))
    with pytest.raises(ValueError, match='class_order'): run(method='naive', class_order=[0, 1], **quiet)


def test_names_that_are_taken_are_refused():
    with pytest.raises(ValueError, match="'arm' is taken"): register('arm')(type('Other', (Naive,), {}))
    with pytest.raises(ValueError, match="'cifar10'"): register_data('cifar10', lambda: get_stream('mnist-mini'))
    for odd in (1.5, None, '', ['pets']):
        with pytest.raises(ValueError, match='data must be a name'): register_data(odd, lambda: get_stream('mnist-mini'))


def python(*args): return subprocess.run([sys.executable, *args], capture_output=True, text=True, check=True, timeout=120).stdout


def test_the_front_door():
    python('-c', "import arm_nb, sys; assert 'torch' not in sys.modules; arm_nb.ARM; assert 'torch' in sys.modules")
    assert set(arm_nb.__all__) <= set(dir(arm_nb)) and all(getattr(arm_nb, name) is not None for name in arm_nb.__all__)
    recall = importlib.import_module('arm_nb.recall')
    assert arm_nb.recall is recall and callable(recall.recall)             # the module; no function stands in its place
    modules = {p.stem for p in Path(arm_nb.__file__).parent.glob('*.py')}
    assert not modules & set(arm_nb.__all__), 'a module bears the name of something at the front door'
    with pytest.raises(AttributeError, match='no attribute'): arm_nb.nothing
    for module in ('arm_nb', 'arm_nb.cli'): assert 'sweep' in python('-m', module, '--help')


def test_the_long_runs_own_records_keep_their_place():
    "The store of runs begun before marks were there counts on: the same place for the same settings."
    from arm_nb.experiment import ask
    from arm_nb.record import run_path
    pytest.importorskip('torchvision')
    try: get_stream('cifar10')
    except FileNotFoundError: pytest.skip('no CIFAR-10 here: ARM_NB_ROOT names no folder with it')
    how = dict(channels_last=True, compile=True)
    def place(method, **more): return run_path(ask('cifar10', method, 0, **how, **more).head(), '').parent.as_posix()
    assert place('arm') == 'cifar10/arm/905a951a2b' and place('naive') == 'cifar10/naive/6d262cbc01'
