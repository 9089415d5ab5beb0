import copy
import torch
from arm_nb.baselines.constraints import *
from arm_nb.baselines.constraints import answering, fisher_draw, shapes_of, tiny_of
from arm_nb.models import MLP

theta = [torch.tensor([2., 2.])]
assert pull(theta, [torch.ones(2)], [torch.tensor([0., 10.])], .1) == 5.
assert theta[0].tolist() == [2., 1.5]
assert one_constraint([torch.tensor([1., -2.])], [torch.tensor([0., 1.])]) == 2
assert shapes_of([torch.zeros(2)]) == [(2,)] and shapes_of(3) is None and 0 < tiny_of(torch.zeros(1)) < 1e-37
logits = torch.zeros(4, 2).requires_grad_()
draw = fisher_draw(logits, [logits], torch.Generator().manual_seed(0))
torch.testing.assert_close(draw[0]**2, torch.full((4, 2), .25 / 4))    # (1 - 1/2)^2, whatever is drawn

xb, net = torch.rand(2, 1, 4, 4), lambda: MLP((1, 4, 4), 4, hidden=6)
for kind, config in ((Ewc, EwcConfig), (Si, SiConfig), (Mas, MasConfig), (Imm, ImmConfig)):
    torch.manual_seed(0)
    s = kind(net(), config(N=2, eta_0=.1))
    assert isinstance(s, Anchored) and isinstance(s.cfg, AnchoredConfig) and s.cfg == config.preset('mnist-mini').__class__(N=2, eta_0=.1)
    s.begin_task()
    assert [*s.observe(xb, torch.tensor([0, 1]))] == ['real']
    s.begin_task()
    assert s.tasks == 1 and s.observe(xb, torch.tensor([2, 3]))['penalty'] > 0
    other = kind(net(), s.cfg); other.load_state_dict(copy.deepcopy(s.state_dict()))
    assert torch.equal(s.predict(xb), other.predict(xb)) and s.observe(xb, torch.tensor([2, 3])) == other.observe(xb, torch.tensor([2, 3]))
    assert answering(s).numel() == 16*6 + 6 + 6*6 + 6 + 6*4 + 4

a = Agem(net(), AgemConfig(N=2, mem_total=8))
assert [*a.observe(xb, torch.tensor([0, 1]))] == ['real'] and [*a.observe(xb, torch.tensor([2, 3]))] == ['real', 'memory']
assert a.recalled_p.tolist() == [.5, .5, 0., 0.] and a.memory().images == 8
assert Drift().rows == [] and Drift().before is None
