import copy
import torch
from torch import nn
from arm_nb.networks import *
from arm_nb.networks import Descent, has_batch_norm, kind_of, layers_of, learnable, move_against, no_grad_for, renew, sgd_step_fused, tensors, with_seed

torch.manual_seed(0)
net = lambda norm: nn.Sequential(nn.Conv2d(1, 4, 3), norm(4), nn.Flatten(), nn.Linear(16, 3)).double()
a, x, counts = net(WeightedBatchNorm2d), torch.rand(3, 1, 4, 4).double(), torch.tensor([2., 1., 1.]).double()
b, c = frozen_copy(a), copy.deepcopy(a)
sgd_step(a, a(x).sum(), .1); sgd_step_fused(c, c(x).sum(), .1)
for p, q, old in zip(a.parameters(), c.parameters(), b.parameters()): assert torch.equal(p, q) and not torch.equal(p, old)
renew(b, a)
assert all(torch.equal(p, q) for p, q in zip(tensors(a), tensors(b))) and len(tensors(a)) == 9 and has_batch_norm(a)
with keep_stats(a): loss = a(x).square().sum()
with keep_stats(a): ahead, descent = after_step(a, gradient(a, loss), .1), Descent(a)
with keep_stats(a): descent.down(a(x).square().sum(), .1)
assert all(torch.equal(ahead[k], p) for k, p in a.named_parameters())
w = torch.ones(2); move_against([w], [torch.ones(2)], .5); assert w.tolist() == [.5, .5]
assert n_outputs(a, x) == 3
with eval_mode(a) as m: assert not m.training
with no_grad_for(a): assert not any(p.requires_grad for p in a.parameters())
assert all(p.requires_grad for p in a.parameters())
one, two = (with_seed(lambda: nn.Linear(2, 2), 4) for _ in range(2)); assert torch.equal(one.weight, two.weight)
with keep_stats(a):
    plain = a(x)
    with copies_of(a, counts): assert not torch.equal(a(x), plain)
assert why_not_distinct(a) is None and 'BatchNorm2d' in why_not_distinct(net(nn.BatchNorm2d))
q = torch.full((3,), 1/48).double()
for u, v in zip(weighted_norm_literal(x, q, *torch.ones(2, 1).double(), 0.), WeightedNorm.apply(x, q, *torch.ones(2, 1).double(), 0.)): torch.testing.assert_close(u, v)
with no_grad_for(a): assert learnable(a) == []
assert len(learnable(a)) == 6 and kind_of(x) == 'torch.float64 of shape (3, 1, 4, 4)' and kind_of([]) == 'a list'
assert layers_of(nn.ReLU()) == 'ReLU()'
