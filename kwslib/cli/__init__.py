"""The console command `kws`: one module per command, registered in main.py."""
