"""A `torch.autograd.Function` in a small PyTorch model, as a subject."""

import torch
from styles.torch_function import LSTM, Assigned

import bptt_check as bc


def loss_and_grads(view, kernel=LSTM):
    """Loss and the gradients that autograd leaves in the leaves, the kernel's among them."""
    leaf = {n: torch.tensor(view[n], requires_grad=True) for n in view.buffers()}
    bias = leaf["bias_ih_l0"] + leaf["bias_hh_l0"]
    states = leaf["h0"][0], leaf["c0"][0]
    h = kernel.apply(leaf["x"], *states, leaf["weight_ih_l0"], leaf["weight_hh_l0"], bias)
    y = torch.nn.functional.linear(h, leaf["linear.weight"], leaf["linear.bias"])
    loss = torch.nn.functional.mse_loss(y, torch.tensor(view.targets), reduction="sum")
    loss.backward()
    return loss.item(), {name: tensor.grad for name, tensor in leaf.items()}


subject = bc.conventions.pytorch.adapt(loss_and_grads, models=["lstm+mse"])
broken = bc.conventions.pytorch.adapt(lambda v: loss_and_grads(v, Assigned), models=["lstm+mse"])
