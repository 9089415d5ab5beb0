import math
import torch
from arm_nb.regularizers import *

assert math.isclose(batch_entropy(50*torch.eye(4)), math.log(4), rel_tol=1e-5)
assert sharpness(50*torch.eye(4)) < 1e-6
x = torch.ones(2, 1, 2, 2)
assert l2_norm(x) == .5 and total_variation(x) == 0
