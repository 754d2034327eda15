#!/usr/bin/env bash
# Asking a Transformers model for its attentions or hidden states once leaves forward hooks on its modules for good.
#
# What one would think: `output_attentions=True` and `output_hidden_states=True` concern the call that they are given to;
# afterwards the model is as it was before, and what hangs on its modules was put there by whoever uses hooks.
# What happens (transformers 5.23.0, torch 2.13.0): the first such call installs a hook on every module whose output it
# collects (utils/output_capturing.py), and none is taken off, neither by later calls without the options nor when the
# outputs are gone. Whoever checks that a block left a model without hooks, or copies hooks with the model, meets them.
#
# It ends with 0 if Transformers behaves as described, and with 1 if that has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "torch==2.13.0" "transformers==5.23.0"
cat > "$work/look.py" <<'PYTHON'
import sys
from importlib.metadata import version

import torch
from transformers import ViTConfig, ViTForImageClassification

sizes = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16)
model = ViTForImageClassification(ViTConfig(image_size=8, patch_size=4, num_channels=1, **sizes)).eval()
image = torch.zeros(1, 1, 8, 8)


def hooks():
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules())


counts = {"new": hooks()}
with torch.no_grad():
    model(image)
    counts["after a plain call"] = hooks()
    model(image, output_hidden_states=True)
    counts["after one with output_hidden_states"] = hooks()
    model(image)
    counts["after another plain call"] = hooks()
print("transformers", version("transformers"), "torch", version("torch"))
for when, count in counts.items():
    print(f"forward hooks, {when}: {count}")
before, plain, asked, later = counts.values()
sys.exit(0 if before == plain == 0 and asked == later > 0 else 1)
PYTHON
"$work/venv/bin/python" "$work/look.py"
