"""What people do in the console, each as their own person, on the laptop with its demo and in a real browser."""
