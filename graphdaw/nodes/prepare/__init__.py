"""What kernels read in place of recordings, worked out with numpy; declarations import these only when they run."""
