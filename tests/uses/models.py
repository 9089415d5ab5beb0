import torch
from arm_nb.models import *
from arm_nb.models import check_images, check_sizes, network_for

check_images(torch.zeros(2, 1, 28, 28), (1, 28, 28), 'mine')
check_sizes((1, 28, 28), n_classes=10)
try: check_sizes((1, 28, 28), n_classes=0)
except ValueError as e: assert 'n_classes is 0' in str(e)
else: raise AssertionError
assert count_parameters(MLP()) == 478_410 and MLP(hidden=8)(torch.zeros(2, 1, 28, 28)).shape == (2, 10)
net = resnet18()
assert isinstance(net, ResNet) and count_parameters(net) == 1_094_750 and net(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
assert Block(2, 4, stride=2)(torch.zeros(2, 2, 6, 6)).shape == (2, 4, 3, 3)
assert network_for((1, 2, 2), {1: MLP}, 0, 3, 5)(torch.zeros(1, 1, 2, 2)).shape == (1, 3)
a, b = (model_for((1, 28, 28), 10, seed=3) for _ in range(2))
assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters()))
assert (Memory(2, (1, 28, 28)) + Memory(parameters=10)).bytes == 2*784 + 40
x = torch.rand(2, 1, 28, 28)
assert prepared(a) is a and isinstance(prepared(b, 'bf16'), Prepared)
assert 0 < (Prepared(b, 'bf16', channels_last=True)(x) - a(x)).norm() < .05*a(x).norm()
