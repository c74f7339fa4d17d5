"""The models: the ensemble, its trees and its pool, and plain baselines, one a file."""
