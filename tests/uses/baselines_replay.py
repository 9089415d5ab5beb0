import copy
import torch
import torch.nn.functional as F
from arm_nb.baselines.replay import *
from arm_nb.baselines.replay import Replayed, check_stored
from arm_nb.networks import after_step
from arm_nb.models import MLP

assert issubclass(Er, Storing)
assert to_bytes(torch.tensor([-1., .5, 2.])).tolist() == [0, 128, 255]
assert [v.tolist() for v in reservoir_slots(torch.tensor([.9, .1, .5, .3]).double(), 0, 2)] == [[0, 3], [0, 1]]
check_stored(torch.rand(2, 1, 2, 2), torch.tensor([0, 1]))
r = Reservoir(3)
r.add(torch.rand(5, 1, 2, 2), torch.arange(5))
assert len(r) == 3 and r.n_seen == 5 and r.x.dtype == torch.uint8 and set(r.sample(9, exclude=[4])[1].tolist()) == set(r.y.tolist()) - {4}

assert ErConfig.preset('mnist5k') == ErConfig() and MirConfig.preset('miniimagenet').candidates == 25
small = dict(mem_total=8, M=2, N=2, eta_0=.1)
for kind, cfg in ((Er, ErConfig(**small)), (ErMir, MirConfig(**small, candidates=4))):
    torch.manual_seed(0)
    m = kind(MLP((1, 4, 4), 4, hidden=6), cfg)
    for y in ([0, 1], [1, 0], [1, 0]): assert [*m.observe(torch.rand(2, 1, 4, 4), torch.tensor(y))] == ['real']
    before, xb, yb = copy.deepcopy(m.model), torch.rand(2, 1, 4, 4), torch.tensor([2, 3])
    assert [*m.observe(xb, yb)] == ['real', 'replay'] and m.recalled_p[:2].sum() == 1 and isinstance(m.last, Replayed)
    loss = F.cross_entropy(before(xb), yb) + F.cross_entropy(before(m.last.x), m.last.y)
    grads = torch.autograd.grad(loss, [*before.parameters()])
    for p, q in zip(m.model.parameters(), after_step(before, grads, .1).values()): torch.testing.assert_close(p, q)
    assert m.memory().bytes == 8 * 16 and m.mem_per_class == 2
grads = torch.autograd.grad(F.cross_entropy(before(xb), yb), [*before.parameters()])
rise = interference(before, after_step(before, grads, .1), m.last.x_candidates, m.last.y_candidates)
torch.testing.assert_close(rise, m.last.rise)
