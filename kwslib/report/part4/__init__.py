"""Part 4, deployment: conversion, board and field, each its tables beside its figures."""
