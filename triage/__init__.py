"""Root-cause reports for Google Kubernetes Engine incidents."""

__version__ = "0.1.0"
