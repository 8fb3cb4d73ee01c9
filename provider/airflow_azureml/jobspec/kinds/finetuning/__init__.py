"""Fine-tuning and distillation jobs."""
