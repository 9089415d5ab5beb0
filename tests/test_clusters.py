"A sweep on joblib's cluster backends gives the records of a plain loop: a local Dask cluster of two workers, Ray with two CPUs."
import joblib
import pytest

from arm_nb.experiment import load_records, run, sweep

WHAT = dict(methods=['naive', 'lwf'], seeds=range(2), eta_0=.02)


def check(folder):
    records = sweep(folder=folder, **WHAT)
    for r in records: assert r.same(run(method=r.method, seed=r.seed, eta_0=.02, learner=dict(progress=False)))
    assert len(records) == len(load_records(folder)) == 4 and not [*folder.glob('**/*.checkpoint')]


def test_dask(tmp_path):
    distributed = pytest.importorskip('distributed', reason="pip install 'arm_nb[dask]'")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, distributed.Client(cluster):
        with joblib.parallel_config(backend='dask'): check(tmp_path)


def test_ray(tmp_path, monkeypatch):
    monkeypatch.setenv('RAY_USAGE_STATS_ENABLED', '0')
    ray = pytest.importorskip('ray', reason="pip install 'arm_nb[ray]'")
    from ray.util.joblib import register_ray
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        register_ray()
        with joblib.parallel_config(backend='ray'): check(tmp_path)
    finally: ray.shutdown()
