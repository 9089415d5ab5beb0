import torch
from torch import nn
from arm_nb.ascent import RecallTrace
from arm_nb.networks import WeightedBatchNorm2d, keep_stats
from arm_nb.recall import *

torch.manual_seed(0)
net = lambda: nn.Sequential(nn.Conv2d(1, 4, 3), WeightedBatchNorm2d(4), nn.Flatten(), nn.Linear(16, 3)).double()
old, new, x = net(), net(), torch.rand(3, 1, 4, 4).double()
cfg, present = RecallConfig(S=2, eta_1=1.), [1]
assert present_share(present, torch.zeros(1, 3)).tolist() == [0, 1, 0]
assert torch.isclose(nonlocality(torch.zeros(2, 3), present), torch.tensor(3.).log())
with keep_stats(old, new):
    terms = recall_terms(x, old(x), new(x), present, cfg)
    assert torch.isclose(sum(terms.values()), recall_objective(x, old, new, present, cfg))
    trace = RecallTrace()
    x_hat = recall(x, old, new, present, cfg, trace=trace)
    assert len(trace.x) == 3 and torch.equal(trace.x[-1], x_hat)
    torch.testing.assert_close(x_hat, recall_literal(x, old, new, present, cfg))
