"""What the village does besides lighting lamps: it calls, writes, wails and speaks. One adapter for each channel."""
