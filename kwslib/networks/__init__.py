"""The networks, their training, and how good they are."""

ARCHITECTURES = (
    "tinyconv",
    "dscnn",
    "tenet",
    "teacher",
)  # the zoo of kwslib.networks.models, known without PyTorch
