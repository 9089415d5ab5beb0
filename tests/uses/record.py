import tempfile
from dataclasses import replace
from pathlib import Path
import torch
from arm_nb.learner import Naive, NaiveConfig
from arm_nb.models import MLP, count_parameters
from arm_nb.record import *
from arm_nb.record import FORMAT, COMPUTE_DEFAULTS, as_row, check_plain, how_computed, load_checkpoint, network_path, new_record, pick_device, plain, read_checkpoint, run_identity, run_path, save_checkpoint, save_run, save_tensors, source_commit, thin_store
from arm_nb.streams import Stream, class_tasks

tasks = class_tasks(4, 2)
parts = [(torch.randint(256, (8, 1, 2, 2), dtype=torch.uint8), torch.tensor(t*4)) for t in tasks]
stream = Stream('tiny', (1, 2, 2), 4, tasks, parts, parts, parts)
naive = Naive(MLP((1, 2, 2), 4, hidden=5), NaiveConfig(N=4))
assert pick_device('cpu') == 'cpu' and Compute(amp='bf16').told() == {'amp': 'bf16'}
assert how_computed(naive) == {} and set(COMPUTE_DEFAULTS) == {'amp', 'channels_last', 'compile'}

head = new_record(naive, stream, 0, 'test', 'naive', 'released')
assert head.versions['commit'] == source_commit() and head.format == FORMAT and plain({'a': (1,)}) == {'a': [1]}
before = replace(head, method='er-mir', config={'eta_0': .1})       # from when ER-MIR had no choice
assert RunRecord.from_json(before.to_json()).config == {'bn_stats': 'keep', 'eta_0': .1} and RunRecord.from_json(head.to_json()).config == head.config
tape = Tape(head)
tape.add({'real': torch.tensor(1.)}, None)
tape.flush()
assert head.losses == {'real': [1.]} and 'smaller eta_0' in str(NonFiniteLoss(3, 'real', float('nan')))
identity = run_identity(head, [2, 2], 0, count_parameters(naive.model))
check_plain(naive.state_dict())

with tempfile.TemporaryDirectory() as d:
    save_tensors(Path(d, "t"), {"x": torch.ones(2)})
    save_checkpoint(Path(d, 'c'), identity, head, naive)
    assert read_checkpoint(Path(d, 'c'))['identity'] == identity
    assert load_checkpoint(Path(d, 'c'), identity, Naive(MLP((1, 2, 2), 4, hidden=5), NaiveConfig(N=4))).same(head)
    done = replace(head, accuracy=[[1., .5]], stage_ends=[1], complete=True)
    path = save_run(done, d)
    assert path == run_path(done, d) and network_path(path).name == 'seed-0.network.pt' and RunRecord.load(path).same(done)
    assert load_records(d) == [done] and load_runs(d).accuracy.item() == as_row(done)['accuracy'] == done.average_accuracy
    assert [p.name for p in thin_store(d, Path(d, 'small'))] == ['seed-0.json']
