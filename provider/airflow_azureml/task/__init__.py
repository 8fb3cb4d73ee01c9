"""What operators and sensors share: one task that has one Azure ML job."""
