import tempfile
import torch
from arm_nb.experiment import *
from arm_nb.learner import Naive
from arm_nb.models import MLP, resnet18

assert set(METHODS) >= {'stationary', 'naive', 'lwf', 'arm'} and all(isinstance(m, Method) for m in METHODS.values())
assert METHODS['naive'].strategy is METHODS['stationary'].strategy is Naive and METHODS['stationary'].stationary
assert settings('mnist5k', 'arm', lambda_3=1.).lambda_3 == 1 and settings('mnist5k', 'naive').eta_0 == .05

torch.set_num_threads(2)
with threads_for(MLP()): assert torch.get_num_threads() == 1
with threads_for(resnet18()): assert torch.get_num_threads() == 2
torch.set_num_threads(1)

learner = build(method='stationary', seed=3, N=100, learner=dict(progress=False, eval_on='val'))
assert learner.batches == [40] and learner.strategy.cfg.N == 100 and learner.record.eval_on == 'val'
record = run(method='stationary', seed=3, N=100, learner=dict(progress=False, eval_on='val'))
assert record.complete and record.same(learner.fit()) and record.average_accuracy > .3
with tempfile.TemporaryDirectory() as store:
    path = save_run(record, store)
    assert path == run_path(record, store) and path.name == 'seed-3.json' and load_runs(store) == [record]
