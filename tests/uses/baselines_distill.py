import copy
import torch
import torch.nn.functional as F
from arm_nb.baselines.distill import *
from arm_nb.models import MLP

assert LwfConfig.preset('mnist-mini') == LwfConfig(T=80, recall_from=80)
torch.manual_seed(0)
lwf = Lwf(MLP((1, 4, 4), 4, hidden=6), LwfConfig(N=2, T=10, recall_from=1, eta_0=.1, lambda_0_real=2.))
xb, yb, old = torch.rand(2, 1, 4, 4), torch.tensor([0, 1]), copy.deepcopy(lwf.model)
assert [*lwf.observe(xb, yb)] == ['real']
by_hand = copy.deepcopy(lwf.model)
assert [*lwf.observe(xb, yb)] == ['real', 'distill']
sgd = torch.optim.SGD(by_hand.parameters(), lr=.1)
for loss in (lambda out: F.cross_entropy(out, yb), lambda out: 2*F.cross_entropy(out, old(xb).softmax(1).detach())):
    sgd.zero_grad(), loss(by_hand(xb)).backward(), sgd.step()
for p, q in zip(lwf.model.parameters(), by_hand.parameters()): torch.testing.assert_close(p, q)
