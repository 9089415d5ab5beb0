import torch
from torch import nn
from arm_nb.networks import WeightedBatchNorm2d, keep_stats
from arm_nb.recall import *
from arm_nb.regularizers import l2_norm, total_variation

torch.manual_seed(0)
net = lambda norm: nn.Sequential(nn.Conv2d(1, 4, 3), norm(4), nn.Flatten(), nn.Linear(16, 3)).double()
old, new, x = net(WeightedBatchNorm2d), net(WeightedBatchNorm2d), torch.rand(3, 1, 4, 4).double()
cfg, present = RecallConfig(S=2, eta_1=1.), [1]
assert present_share(present, torch.zeros(1, 3)).tolist() == [0, 1, 0]
assert torch.isclose(nonlocality(torch.zeros(2, 3), present), torch.tensor(3.).log())
with keep_stats(old, new):
    logits = old(x), new(x)
    terms = recall_terms(x, *logits, present, cfg)
    assert torch.isclose(sum(terms.values()), recall_objective(x, old, new, present, cfg))
    assert [g.shape for g in logit_gradients(torch.stack(logits), pull_of(present, logits[0], cfg), cfg)] == [(3, 3)]*2
    z = x[:1].clone().requires_grad_()
    g, = torch.autograd.grad(-cfg.lambda_5*l2_norm(z) - cfg.lambda_6*total_variation(z), z)
    torch.testing.assert_close(image_gradient(x, cfg, *tv_matrices(x, cfg))[:1], g)
    trace = RecallTrace()
    x_hat = recall(x, old, new, present, cfg, trace=trace)
    assert len(trace.x) == 3 and torch.equal(trace.x[-1], x_hat)
    torch.testing.assert_close(x_hat, recall_literal(x, old, new, present, cfg))
    pull = pull_of(present, logits[0], cfg)
    torch.testing.assert_close(ascend(x, old, new, lambda logits, weight: logit_gradients(logits, pull, cfg, weight), cfg), x_hat)
step, logits = climb(x, old, new, lambda logits, weight: logit_gradients(logits, pull, cfg, weight), cfg, tv_matrices(x, cfg), len(x))
assert logits.shape == (2, 3, 3) and not torch.equal(step, x) and callable(compiled_climb())
two, _ = climb_on(2, x, old, new, lambda logits, weight: logit_gradients(logits, pull, cfg, weight), cfg, tv_matrices(x, cfg), len(x))
torch.testing.assert_close(two, ascend(x, old, new, lambda logits, weight: logit_gradients(logits, pull, cfg, weight), cfg))
assert portions(3, nn.Linear(1, 1), compile=True) == [3] and portions(3, old, compile=True) == [1, 1, 1]
