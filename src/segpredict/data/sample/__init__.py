"""An invented shop with known truth: customers, orders and the dirt of real exports."""
