"""An invented shop with known truth: customers, orders and the defects of real exports."""
