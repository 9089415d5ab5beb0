"""A sweep on joblib's cluster backends gives the records of a plain loop: a local Dask cluster of two workers, Ray with two CPUs. And a run that asks for a GPU waits for one.

(Both let a cluster say that it has GPUs, so asking for them can be tested without: nbs/library/sweeps.ipynb, *On a cluster*.)
"""
import os
import time

import joblib
import pytest

from arm_nb.experiment import load_records, run, sweep

WHAT = dict(methods=['naive', 'lwf'], seeds=range(2), eta_0=.02)


def check(folder):
    records = sweep(folder=folder, **WHAT)
    for r in records: assert r.same(run(method=r.method, seed=r.seed, eta_0=.02, progress=False))
    assert len(records) == len(load_records(folder)) == 4 and not [*folder.glob('**/*.checkpoint')]


def test_dask(tmp_path):
    distributed = pytest.importorskip('distributed', reason="pip install 'arm_nb[dask]'")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, distributed.Client(cluster):
        with joblib.parallel_config(backend='dask'): check(tmp_path)


def test_dask_gives_each_run_a_gpu(tmp_path):
    distributed = pytest.importorskip('distributed', reason="pip install 'arm_nb[dask]'")
    def from_to():
        began = time.monotonic(); time.sleep(.1)
        return began, time.monotonic()
    with distributed.LocalCluster(n_workers=1, threads_per_worker=2, resources={'GPU': 1}, dashboard_address=None) as cluster, distributed.Client(cluster):
        with joblib.parallel_config(backend='dask', resources={'GPU': 1}):
            check(tmp_path)
            spans = sorted(joblib.Parallel()(joblib.delayed(from_to)() for _ in range(6)))
    assert all(a[1] <= b[0] for a, b in zip(spans, spans[1:]))             # one after another: two threads, but one GPU


@pytest.fixture
def ray(monkeypatch):
    monkeypatch.setenv('RAY_USAGE_STATS_ENABLED', '0')
    ray = pytest.importorskip('ray', reason="pip install 'arm_nb[ray]'")
    from ray.util.joblib import register_ray
    register_ray()
    yield ray
    ray.shutdown()


def test_ray(tmp_path, ray):
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    with joblib.parallel_config(backend='ray'): check(tmp_path)


def test_ray_gives_each_run_a_gpu(tmp_path, ray):
    ray.init(num_cpus=4, num_gpus=2, include_dashboard=False, log_to_driver=False)
    with joblib.parallel_config(backend='ray', n_jobs=2, ray_remote_args={'num_gpus': 1}):      # without n_jobs it would wait for four GPUs, one a CPU
        check(tmp_path)
        assert {*joblib.Parallel()(joblib.delayed(os.getenv)('CUDA_VISIBLE_DEVICES') for _ in range(8))} <= {'0', '1'}
