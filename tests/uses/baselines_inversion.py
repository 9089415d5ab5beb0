import copy
import torch
import torch.nn.functional as F
from torch import nn
from arm_nb.arm import Recaller
from arm_nb.baselines.inversion import *
from arm_nb.baselines.inversion import Inverted
from arm_nb.learner import sgd_step
from arm_nb.models import MLP
from arm_nb.networks import keep_stats
from arm_nb.ascent import RecallTrace, logit_gradients

torch.manual_seed(0)
assert AdiConfig.preset('mnist-mini') == AdiConfig(T=80, recall_from=80)
assert AdiConfig.preset('cifar10', 'paper').div == 'js' and AdiConfig.preset('cifar10').lambda_0_real == 1.
draw = lambda: torch.Generator().manual_seed(3)
assert draw_classes([2, 0], 2, draw()).sort().values.tolist() == [0, 2] and draw_classes([3], 4, draw()).tolist() == [3]*4

# batch norm, by hand: 1, 3, 3, 3 has mean 2.5 and variance 1; a fresh one expects 0 and 1
two, norm = torch.tensor([1., 3.]).view(2, 1, 1, 1), nn.BatchNorm2d(1)
mean, var = batch_statistics(two, torch.tensor([1., 3.]))
assert (mean.item(), var.item()) == (2.5, 1.)
with norm_gap(norm) as gap: norm(two); assert gap().item() == 3.

net = lambda: nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 4)).double()
old, new, x = net(), net(), torch.rand(3, 1, 4, 4).double()
cfg, classes, trace = AdiConfig(S=2, eta_1=1.), torch.tensor([0, 2, 0]), RecallTrace()
with keep_stats(old, new):
    x_hat = invert(x, classes, old, new, cfg, trace=trace)
    torch.testing.assert_close(x_hat, invert_literal(x, classes, old, new, cfg))
    with norm_gap(old) as gap: terms = adi_terms(x_hat, old(x_hat), new(x_hat), classes, gap(), cfg)
    total = adi_objective(x_hat, old, new, classes, cfg)
torch.testing.assert_close(sum(terms.values()), total)
torch.testing.assert_close(sum(t[-1] for t in trace.terms.values()), total)
z = torch.randn(3, 4).double().requires_grad_()
g, = torch.autograd.grad(-F.cross_entropy(z, classes), z)
only_classes = AdiConfig(lambda_d=0.)
torch.testing.assert_close(logit_gradients(torch.stack((z, z)), class_pull(classes, z, only_classes), only_classes)[0], g)

adi = Adi(MLP((1, 4, 4), 4, hidden=6).double(), AdiConfig(N=4, M=9, S=2, T=5, recall_from=1, eta_1=1., lambda_0_real=0.), draw())
xb, first, then = torch.rand(4, 1, 4, 4).double(), torch.tensor([0, 1, 0, 1]), torch.tensor([2, 3, 1, 2])
assert isinstance(adi, Recaller) and [*adi.observe(xb, first)] == ['real'] and adi.last is None
plain, theta = copy.deepcopy(adi.model), copy.deepcopy(adi.model_old)
assert [*adi.observe(xb, then)] == ['real', 'recall', 'divergence']
assert isinstance(adi.last, Inverted) and adi.last.classes.unique().tolist() == [0] and adi.last.weight.sum() == 9     # 1 is present
sgd_step(plain, F.cross_entropy(plain(xb), then), .05)
x_all = adi.last.x_real.repeat_interleave(adi.last.weight.long(), 0)
x_all = invert_literal(x_all, torch.zeros(9, dtype=torch.long), theta, plain, adi.cfg)
sgd_step(plain, F.cross_entropy(plain(x_all), theta(x_all).softmax(1).detach()), .05)
for p, q in zip(adi.model.parameters(), plain.parameters()): torch.testing.assert_close(p, q)
