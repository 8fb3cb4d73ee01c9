"""What a region has to give: sizes of machines, how many of their cores are in use, and quotas of them."""
