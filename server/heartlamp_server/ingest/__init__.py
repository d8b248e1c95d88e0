"""Where gateways come in: batches up, commands down."""
