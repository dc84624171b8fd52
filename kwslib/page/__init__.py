"""The spotter in a web page: the C core as WebAssembly, models as data, one HTML file that needs nothing else."""
