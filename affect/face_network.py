"""A network that was trained to tell people apart, as a start for one that tells expressions. Called by `affect.model`.

MobileNet (Howard et al. 2017, arXiv:1704.04861), as Savchenko (2019, arXiv:1807.07718) trains it on VGGFace2.
`affect.face_weights` reads its weights.
"""

from __future__ import annotations

import torch
from torch import nn

# channels behind each of the thirteen blocks, and whether it halves the picture
BLOCKS = [(64, False), (128, True), (128, False), (256, True), (256, False), (512, True)]
BLOCKS += [(512, False)] * 5 + [(1024, True), (1024, False)]
FIRST = 32  # channels behind the first convolution


def convolution(inputs: int, outputs: int, size: int, halves: bool = False, groups: int = 1) -> nn.Sequential:
    """A convolution, its normalisation and ReLU6. Where it halves, it looks beyond the right and lower border only, as
    TensorFlow does."""
    padding = 0 if halves or size == 1 else size // 2
    return nn.Sequential(
        nn.ZeroPad2d((0, 1, 0, 1)) if halves else nn.Identity(),
        nn.Conv2d(inputs, outputs, size, 2 if halves else 1, padding, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(),
    )


class FaceMobileNet(nn.Module):
    """Takes float32 (n, 3, side, side); gives logits float32 (n, classes).

    Its parts have the names of torchvision's mobilenet_v2: `features`, a list of 14 blocks, and `classifier`.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        blocks = [convolution(3, FIRST, 3, halves=True)]
        for inputs, (outputs, halves) in zip([FIRST, *(o for o, _ in BLOCKS)], BLOCKS, strict=False):
            each = convolution(inputs, inputs, 3, halves, groups=inputs)
            blocks.append(nn.Sequential(each, convolution(inputs, outputs, 1)))
        self.features = nn.Sequential(*blocks)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(BLOCKS[-1][0], classes))

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        """See the class."""
        logits: torch.Tensor = self.classifier(self.features(faces).mean((2, 3)))
        return logits
