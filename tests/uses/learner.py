import tempfile
from dataclasses import replace
from pathlib import Path
import torch
from arm_nb.learner import *
from arm_nb.models import MLP, count_parameters
from arm_nb.readers import write_whole
from arm_nb.streams import Stream, class_tasks

tasks = class_tasks(4, 2)
parts = [(torch.randint(256, (8, 1, 2, 2), dtype=torch.uint8), torch.tensor(t*4)) for t in tasks]
stream = Stream('tiny', (1, 2, 2), 4, tasks, parts, parts, parts)
cfg = replace(NaiveConfig.preset('mnist-mini'), N=4)
assert cfg.eta_0 == .05
new = lambda: Naive(MLP((1, 2, 2), 4, hidden=5), cfg)
naive = new()
check_fit(naive, stream)
assert isinstance(naive, Strategy) and n_outputs(naive.model, torch.rand(1, 1, 2, 2)) == 4
with eval_mode(naive.model) as m: assert not m.training
sgd_step(naive.model, naive.model(torch.rand(2, 1, 2, 2)).sum(), eta=.1)
assert count_right(naive, *parts[0])[1].tolist() == [4, 4, 0, 0] and len(evaluate(naive, parts)) == 2
assert 'smaller eta_0' in str(NonFiniteLoss(3, 'real', float('nan')))

with tempfile.TemporaryDirectory() as d:
    record = Learner(naive, stream, checkpoint=Path(d, 'c'), progress=False).fit()
    assert record.complete and record.n_iterations == 4
    record.save(Path(d, 'r.json'))
    assert RunRecord.load(Path(d, 'r.json')).same(record)
    head = new_record(naive, stream, 0, 'test', 'naive', 'released')
    identity = run_identity(head, [2, 2], 0, count_parameters(naive.model))
    assert load_checkpoint(Path(d, 'c'), identity, new()).same(record)
    assert head.versions['commit'] == source_commit()
    check_plain(naive.state_dict())
    save_checkpoint(Path(d, 'c2'), identity, record, naive)
    write_whole(Path(d, 'w'), lambda f: f.write(b'all'))
    assert Path(d, 'c2').stat().st_size and Path(d, 'w').read_bytes() == b'all'
tape = Tape(head)
tape.add({'real': torch.tensor(1.)}, None)
tape.flush()
assert head.losses == {'real': [1.]}
assert how_computed(naive) == {} and set(HOW) == {'amp', 'channels_last', 'compile'}
