import copy, sys
import torch
from arm_nb.baselines.gem import *
from arm_nb.baselines.gem import RING, solver
from arm_nb.models import MLP

assert 'quadprog' not in sys.modules                                # asked for only when somebody builds GEM
assert GemConfig.preset('cifar10').mem_total == 200
assert callable(solver())
g, G = torch.tensor([1., -2.]), torch.tensor([[0., 1.]])
torch.testing.assert_close(project(g, G, 0.), torch.tensor([1., 0.]), atol=1e-4, rtol=0)
torch.testing.assert_close(dual(torch.tensor([[1., -2.], [-2., 5.]]), 3.), torch.tensor([3.]).double())
ring = Ring(2, 1, (1, 1, 1)); ring.add(torch.ones(3, 1, 1, 1), torch.tensor([0, 0, 1]))
assert set(RING) <= vars(ring).keys() and ring.seen.tolist() == [2, 1] and ring.of([1])[0].item() == 1

torch.manual_seed(0)
gem = Gem(MLP((1, 4, 4), 4, hidden=6), GemConfig(N=2, mem_total=8, eta_0=.1))
xb = torch.rand(2, 1, 4, 4)
assert [*gem.observe(xb, torch.tensor([0, 1]))] == ['real'] and gem.recalled_p is None
assert [*gem.observe(xb, torch.tensor([2, 3]))] == ['real', 'memory'] and isinstance(gem.last, Constrained)
assert gem.recalled_p.tolist() == [.5, .5, 0., 0.] and gem.mem_per_class == 2 and gem.memory().images == 8
other = Gem(MLP((1, 4, 4), 4, hidden=6), gem.cfg); other.load_state_dict(copy.deepcopy(gem.state_dict()))
assert gem.observe(xb, torch.tensor([0, 1])) == other.observe(xb, torch.tensor([0, 1]))

sys.modules['quadprog'] = None                                      # as if it were not installed
try: Gem(gem.model)
except ImportError as e: assert "pip install 'arm_nb[gem]'" in str(e)
else: raise AssertionError('GEM without quadprog')
