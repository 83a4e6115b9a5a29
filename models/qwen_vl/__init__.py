"""Qwen and Qwen-VL on the device: text and pictures in, one token at a time out."""
