import tempfile
import torch
from arm_nb.experiment import *
from arm_nb.experiment import Asked, COMPUTE, LEARNER, ask, code_mark, cut_short, fit_and_keep, network_mark, threads, threads_for
from arm_nb.learner import Naive
from arm_nb.models import MLP, resnet18
from arm_nb.record import network_path, run_path
from arm_nb.streams import get_stream

torch.set_num_threads(2)
with threads_for(MLP()): assert torch.get_num_threads() == 1
with threads_for(resnet18()): assert torch.get_num_threads() == 2
with threads(1): assert torch.get_num_threads() == 1
torch.set_num_threads(1)

assert {'eval_on', 'progress'} <= set(LEARNER) and 'device' in COMPUTE
learner = build(method='stationary', seed=3, N=100, progress=False, eval_on='val')
assert learner.batches == [40] and learner.strategy.cfg.N == 100 and learner.record.eval_on == 'val'
record = run(method='stationary', seed=3, N=100, progress=False, eval_on='val')
assert record.complete and record.same(learner.fit()) and record.average_accuracy > .3
asked = ask(method='naive', rehearsal=10)
assert isinstance(asked, Asked) and not asked.build().record.differs_from(asked.head()) and asked.head().data == 'mnist-mini-10'
assert cut_short(get_stream(), 10, 10).counts == (500, 500, 500)
assert len(code_mark(Naive)) == len(network_mark(MLP())) == 12

with tempfile.TemporaryDirectory() as store:
    record, path = fit_and_keep(build(rehearsal=10, progress=False), store, keep_network=True)
    assert path == run_path(record, store) and network_path(path).exists() and issubclass(Stopped, Exception)
    assert [*load_images(path)] == [15, 25, 35, 45] and KeepRecalled(path=path).path == path
    assert load_records(store) == [record] and load_runs(store).accuracy.item() == record.average_accuracy
assert METHODS['naive'].strategy is Naive
