import torch
from torch import nn
from arm_nb.ascent import *
from arm_nb.ascent import ascent_steps, check_starts, compiled_steps, steps_at_a_time
from arm_nb.networks import WeightedBatchNorm2d, keep_stats
from arm_nb.recall import RecallConfig, present_share, recall, recall_terms
from arm_nb.regularizers import l2_norm, total_variation

torch.manual_seed(0)
net = lambda: nn.Sequential(nn.Conv2d(1, 4, 3), WeightedBatchNorm2d(4), nn.Flatten(), nn.Linear(16, 3)).double()
old, new, x, present, cfg = net(), net(), torch.rand(3, 1, 4, 4).double(), [1], RecallConfig(S=2, eta_1=1.)
check_starts(x, None)
with keep_stats(old, new):
    logits = torch.stack((old(x), new(x)))
    pull = nonlocal_pull(present_share(present, logits[0]), cfg)
    slopes = lambda logits, weight: logit_gradients(logits, pull, cfg, weight)
    z = logits.detach().requires_grad_()
    g, = torch.autograd.grad(sum(recall_terms(x, *z, present, cfg).values()), z)
    torch.testing.assert_close(slopes(logits, None), g)
    z = x[:1].clone().requires_grad_()
    g, = torch.autograd.grad(-cfg.lambda_5*l2_norm(z) - cfg.lambda_6*total_variation(z), z)
    torch.testing.assert_close(image_gradient(x, cfg, *tv_matrices(x, cfg))[:1], g)
    x_hat = ascend(x, old, new, slopes, cfg)
    torch.testing.assert_close(x_hat, recall(x, old, new, present, cfg))
    step, before = ascent_step(x, old, new, slopes, cfg, tv_matrices(x, cfg), len(x))
    torch.testing.assert_close(before, logits)
    two, _ = ascent_steps(2, x, old, new, slopes, cfg, tv_matrices(x, cfg), len(x))
    torch.testing.assert_close(two, x_hat)
assert steps_at_a_time(3, nn.Linear(1, 1), compile=True) == [3] and steps_at_a_time(3, old, compile=True) == [1, 1, 1] and callable(compiled_steps())
trace = RecallTrace()
trace.add(x, *logits, {'l2': torch.tensor(1.)})
assert len(trace.x) == 1 and trace.terms['l2'][0] == 1
