import torch
from arm_nb.baselines.simple import *
from arm_nb.baselines.simple import FEATURES, no_network, place_for, train_on
from arm_nb.models import MLP

torch.testing.assert_close(masked_cross_entropy(torch.zeros(2, 9), torch.tensor([3, 5])), torch.tensor(2.).log())
assert MaskedConfig.preset('mnist-mini').eta_0 == .02 and GdumbConfig.preset('cifar10').mem_total == 200
assert FEATURES == ('pixels', 'random', 'conv')
assert [untrained_features(kind, 32, (1, 4, 4), 0)(torch.rand(2, 1, 4, 4)).shape[1] for kind in FEATURES] == [16, 32, 32]

torch.manual_seed(0)
y = torch.arange(12) % 4
x = (torch.eye(4)[y].repeat_interleave(4, 1).view(-1, 1, 4, 4) + .2 * torch.rand(12, 1, 4, 4)) / 1.2     # a bright row for each class
for kind, cfg in ((Ncm, NcmConfig()), (Slda, SldaConfig(shrinkage=.5)), (Ridge, RidgeConfig(n_features=30))):
    s = kind(no_network((1, 4, 4), 4), cfg)
    assert isinstance(s, Computed) and s.observe(x[:6], y[:6])['real'] > 0 and s.observe(x[6:], y[6:])
    assert s.predict(x).argmax(1).tolist() == y.tolist() and s.sums['n'].tolist() == [3] * 4

assert place_for(1, torch.tensor([0, -1, 0]), torch.Generator()) == 1 and place_for(0, torch.tensor([0, 1]), torch.Generator()) == -1
gdumb, masked = (kind(MLP((1, 4, 4), 4, hidden=20), kind.Config(eta_0=.5)) for kind in (Gdumb, Masked))
assert gdumb.observe(x, y) == {'stored': 12.} and gdumb.predict(x).argmax(1).tolist() == y.tolist() and gdumb.steps == 100
assert [*masked.observe(x, y)] == ['real'] and masked.memory().bytes == 0 and gdumb.memory().images == 50
assert train_on(gdumb.model, gdumb.x[:12], y, GdumbConfig(epochs=1), seed=0) == 2
