import copy
import torch
import torch.nn.functional as F
from torch.func import functional_call
from arm_nb.baselines.generative import *
from arm_nb.baselines.generative import Generated, vae_for
from arm_nb.networks import after_step, gradient

# networks and their sizes
assert sum(p.numel() for p in GatedMLP().parameters()) == sum(p.numel() for p in gen_model_for((1, 28, 28), 10, seed=3).parameters()) == 636_020
assert isinstance(vae_for((1, 28, 28), GenConfig(), seed=1), MlpVae) and isinstance(vae_for((3, 8, 8), GenConfig(z=2, hidden=4)), ConvVae)
assert issubclass(MlpVae, Vae) and Gated(torch.nn.Conv2d(1, 6, 1))(torch.rand(2, 1, 4, 4)).shape == (2, 3, 4, 4)

# the bound: at zero error of the code, the KL of a standard normal is 0, and the loss is the error alone
vae = MlpVae((1, 2, 2), z=2, hidden=3, depth=1)
torch.testing.assert_close(kl_to_prior(torch.tensor([[0., 1.]]), torch.ones(1, 2)), torch.tensor([.5]))
x, noise = torch.rand(5, 1, 2, 2), torch.randn(5, 2)
mean, var = vae(x)
torch.testing.assert_close(vae_loss(vae, x, noise, 0.), F.binary_cross_entropy(vae.pictures(mean + var.sqrt() * noise), x, reduction='none').flatten(1).sum(1))
torch.testing.assert_close(vae_loss(vae, x, noise) - vae_loss(vae, x, noise, 0.), kl_to_prior(mean, var))
assert warm_up(20, 1000, 1.) == .02

# the search
line = torch.nn.Linear(2, 1, bias=False)
virtual = after_step(line, gradient(line, line(torch.ones(1, 2)).sum()), .5)
torch.testing.assert_close(functional_call(line, virtual, torch.ones(1, 2)), line(torch.ones(1, 2)) - 1)
assert diversity(torch.ones(1, 2), torch.zeros(3, 1, 2)) == 1 and model_gain(torch.zeros(1, 2), torch.zeros(1, 2), 1., 1.) == 0
starts = torch.zeros(2, 1, 2)
torch.testing.assert_close(search(lambda z: z.sum(), starts, 2, .5, 0.), torch.ones(2, 1, 2))

# the methods: reproducible, and with the promised memory
xb, yb = torch.rand(2, 1, 4, 4), torch.tensor([0, 1])
for kind, cfg in ((Gen, GenConfig(N=2, M=4, z=2, hidden=3, iterations=2, T=1, recall_from=1)), (GenMir, GenMirConfig(N=2, M=4, z=2, hidden=3, iterations=2, T=1, recall_from=1, S=2, dropout=0.))):
    a = kind(GatedMLP((1, 4, 4), 3, hidden=5, dropout=0.), cfg)
    assert [*a.observe(xb, yb)] == ['vae', 'real'] and a.last is None
    b = kind(GatedMLP((1, 4, 4), 3, hidden=5, dropout=0.), cfg)
    b.load_state_dict(copy.deepcopy(a.state_dict()))
    assert a.observe(xb, yb) == b.observe(xb, yb) and isinstance(a.last, Generated) and torch.equal(a.last.x_hat, b.last.x_hat)
    assert a.memory().parameters == sum(p.numel() for p in a.vae.parameters())
assert (a.name, Gen.name) == ('gen-mir', 'gen')
