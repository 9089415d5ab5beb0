import tempfile
from dataclasses import replace
from pathlib import Path
import torch
from arm_nb.learner import *
from arm_nb.learner import batch_lengths, check_fit, check_weights, random_state, set_random_state, try_network
from arm_nb.models import MLP
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
assert METHODS['naive'] == Method(Naive, 'plain SGD, the lower bound') and register('naive', METHODS['naive'].source)(Naive) is Naive

with tempfile.TemporaryDirectory() as d:
    record = Learner(naive, stream, checkpoint=Path(d, 'c'), progress=False).fit()
    assert record.complete and record.n_iterations == 4
    assert Learner(new(), stream, checkpoint=Path(d, 'c'), progress=False).fit().same(record)

# before the first batch: networks and states of strangers
net, x = MLP((1, 2, 2), 4, hidden=5), torch.rand(3, 1, 2, 2)
assert try_network(net, x) == (4, False) and batch_lengths(stream, 3) == [3, 2]
check_weights(net, net.state_dict(), 'the state')
at = random_state(torch.device('cpu'))
drawn = torch.rand(1)
set_random_state(at, torch.device('cpu'))
assert torch.equal(torch.rand(1), drawn)
