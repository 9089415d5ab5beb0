import tempfile
import torch
from pathlib import Path
from arm_nb.experiment import *
from arm_nb.learner import Naive
from arm_nb.models import MLP, resnet18

if __name__ == '__main__':                     # a sweep starts processes, and these must not start another
    assert set(METHODS) == set('stationary naive er er-mir icarl gem gen gen-mir lwf adi arm'.split()) and all(isinstance(m, Method) for m in METHODS.values())
    assert METHODS['naive'].strategy is METHODS['stationary'].strategy is Naive and METHODS['stationary'].stationary
    assert settings('mnist5k', 'arm', lambda_3=1.).lambda_3 == 1 and settings('mnist5k', 'naive').eta_0 == .05
    assert named('er-25') == VARIANTS['er-25'] == ('er', {'mem_total': 25}) and TABLES[6][0] == 'mnist5k'

    torch.set_num_threads(2)
    with threads_for(MLP()): assert torch.get_num_threads() == 1
    with threads_for(resnet18()): assert torch.get_num_threads() == 2
    with threads(1): assert torch.get_num_threads() == 1
    assert pick_device('cpu') == 'cpu'
    torch.set_num_threads(1)

    learner = build(method='stationary', seed=3, N=100, progress=False, eval_on='val')
    assert learner.batches == [40] and learner.strategy.cfg.N == 100 and learner.record.eval_on == 'val'
    record = run(method='stationary', seed=3, N=100, progress=False, eval_on='val')
    assert record.complete and record.same(learner.fit()) and record.average_accuracy > .3
    with tempfile.TemporaryDirectory() as store:
        path = save_run(record, store)
        assert path == run_path(record, store) == cell_path('mnist-mini', 'stationary', 'released', record.config, 'val', 3, store) and path.name == 'seed-3.json'
        assert load_records(store) == [record] and load_runs(store).accuracy.item() == tidy(record)['accuracy'] == record.average_accuracy
        assert fit_and_keep(build(method='naive', progress=False), store)[1].exists() and issubclass(Stopped, Exception)
        job, = shard_of(plan('mnist-mini', ['naive'], [1, 2], store), '2/2')
        assert isinstance(job, Job) and run_job(job) == (job.path, '') and done(job) and combinations(dict(a=[1, 2])) == [dict(a=1), dict(a=2)]
        assert list(in_parallel([job], 1)) == [(job.path, '')]
        assert [r.seed for r in sweep(methods=['naive'], seeds=range(3), folder=Path(store), workers=2)] == [0, 1, 2]
