"""The networks, their training and their evaluation."""

# The zoo of kwslib.networks.models by name, known without loading PyTorch.
ARCHITECTURES = (
    "tinyconv",
    "tinyconv_branches",
    "tinyconv_valid",
    "dscnn",
    "tenet",
    "tenet_branches",
    "tenet_causal",
    "tenet_valid",
    "tenet_wide",
    "teacher",
)
