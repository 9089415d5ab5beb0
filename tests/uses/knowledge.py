from arm_nb.knowledge import *

x = grid_2d(3)
left = lambda x: x @ x.new_tensor([[0., 1., .5], [0., 0., .2]])
assert graph(left, x).tolist() == [0, 1, 1, 2, 1, 1, 2, 1, 1]
assert local([0, 1, 2], [0, 2, 2], present=[1]).tolist() == [False, True, False]
told = forgotten(left, lambda x: -left(x), x, present=[])
assert isinstance(told, Forgotten) and told and told.n == int(told.where.sum()) and 0 < told.fraction <= 1 and 'of 9' in repr(told)
