import copy
import torch
from arm_nb.arm import *
from arm_nb.models import MLP, count_parameters
from arm_nb.networks import tensors

torch.manual_seed(0)
model = MLP((1, 4, 4), 4, hidden=6).double()
cfg = ArmConfig(N=4, M=4, S=2, T=2, recall_from=1, eta_1=1.)
assert ArmConfig.preset('mnist-mini').T == 80 and ArmConfig.preset('mnist5k', 'paper').div == 'js'
xb, yb = torch.rand(4, 1, 4, 4).double(), torch.tensor([0, 1, 0, 1])
draw = lambda: torch.Generator().manual_seed(3)
assert draw_starts(cfg, 4, draw()).sort().values.tolist() == [0, 1, 2, 3]
assert distill_loss(torch.zeros(1, 4), torch.zeros(1, 4)) == distill_loss(torch.zeros(1, 4), torch.zeros(1, 4), 'hard') == torch.tensor(4.).log()

arm = ARM(model, cfg, draw())
assert isinstance(arm, Recaller) and isinstance(arm, Lagged) and len(tensors(model)) == 6 and arm.memory().parameters == count_parameters(model)
assert [*arm.observe(xb, yb)] == ['real'] and arm.last is None      # not yet recalling; theta is as the network began
plain, old = copy.deepcopy(model), copy.deepcopy(arm.model_old)
assert [*arm.observe(xb, yb)] == ['real', 'recall', 'distill', 'divergence']
x_hat = arm_step_literal(plain, old, xb, yb, cfg, draw())
assert isinstance(arm.last, Recalled) and arm.last.p_hat.shape == (4, 4)
i, j = (x.flatten(1).sum(1).argsort() for x in (x_hat, arm.last.x_hat))  # the library sorts its starts
torch.testing.assert_close(arm.last.x_hat[j], x_hat[i])
for ours, theirs in zip(tensors(model), tensors(plain)): torch.testing.assert_close(ours, theirs)
assert arm.renewals == 1
