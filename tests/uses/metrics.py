import math
from arm_nb.metrics import *

a = [[.9, None], [.5, .8]]
assert accuracy_matrix(a).shape == (2, 2) and math.isclose(average_accuracy(a), .65)
assert math.isclose(forgetting(a), .4) and math.isclose(task_forgetting(a)[0], .4) and math.isclose(backward_transfer(a), -.4)
assert mean_sd([1, 3]) == (2, 2**.5) and format_mean_sd([.5, .7]) == plus_minus(60, 14.142) == '60.0 ± 14.1'
