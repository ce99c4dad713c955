"""The few machine instructions that numba has no name for, and the types of the kernels' arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

# Arrow's buffers are read-only, our own arrays are not: a read-only signature takes both.
BYTES = types.Array(types.uint8, 1, "C", readonly=True)
INT32S = types.Array(types.int32, 1, "C", readonly=True)
INT64S = types.Array(types.int64, 1, "C", readonly=True)
FLOAT32S = types.Array(types.float32, 1, "C", readonly=True)
FLOAT64S = types.Array(types.float64, 1, "C", readonly=True)
OUT_BYTES = types.Array(types.uint8, 1, "C")
OUT_INT32S = types.Array(types.int32, 1, "C")
OUT_INT64S = types.Array(types.int64, 1, "C")
OUT_FLOAT32S = types.Array(types.float32, 1, "C")


def _address(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    """The address of array[index]."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [index])


@intrinsic
def at(typing_context: Any, array: Any, index: Any) -> Any:
    """array[index] as an int64, for an index that is never negative: no test for that is made."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value = builder.load(_address(context, builder, signature.args[0], *arguments))
        return context.cast(builder, value, signature.args[0].dtype, types.int64)

    return types.int64(array, types.intp), generate


@intrinsic
def put(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
    """array[index] = value, for an index that is never negative: no test for that is made."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], *arguments[:2])
        dtype = signature.args[0].dtype
        builder.store(context.cast(builder, arguments[2], types.int64, dtype), address)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.int64), generate


@intrinsic
def load8(typing_context: Any, data: Any, index: Any) -> Any:
    """The 8 bytes of data (uint8) from index on as one int64, the first byte lowest."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], *arguments)
        return builder.load(builder.bitcast(address, ir.IntType(64).as_pointer()), align=1)

    return types.int64(data, types.intp), generate


@intrinsic
def load8_unsigned(typing_context: Any, data: Any, index: Any) -> Any:
    """The 8 bytes of data (uint8) from index on as one uint64, the first byte lowest."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], *arguments)
        return builder.load(builder.bitcast(address, ir.IntType(64).as_pointer()), align=1)

    return types.uint64(data, types.intp), generate


@intrinsic
def put8(typing_context: Any, data: Any, index: Any, value: Any) -> Any:
    """Write an int64 as the 8 bytes of data (uint8) from index on, the lowest first."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], *arguments[:2])
        builder.store(arguments[2], builder.bitcast(address, ir.IntType(64).as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(data, types.intp, types.int64), generate


@intrinsic
def trailing_zeros(typing_context: Any, value: Any) -> Any:
    """How many zero bits a uint64 ends in, 64 for 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generate


@intrinsic
def copy32(typing_context: Any, source: Any, begin: Any, target: Any, to: Any) -> Any:
    """Copy 32 bytes from source[begin] on to target[to] on, whatever their types."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        block = ir.VectorType(ir.IntType(64), 4).as_pointer()
        read = _address(context, builder, signature.args[0], arguments[0], arguments[1])
        write = _address(context, builder, signature.args[2], arguments[2], arguments[3])
        value = builder.load(builder.bitcast(read, block), align=4)
        builder.store(value, builder.bitcast(write, block), align=4)
        return context.get_dummy_value()

    return types.void(source, types.intp, target, types.intp), generate


@intrinsic
def prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    """Begin to bring array[index] into the cache, for reading soon."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _address(context, builder, signature.args[0], *arguments)
        pointer, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
        name = "llvm.prefetch.p0"
        function = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
        settings = [ir.Constant(number, n) for n in (0, 3, 1)]  # reading, keep it, data
        builder.call(function, [builder.bitcast(address, pointer), *settings])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


WIDTH = 32  # bytes that are looked at in one step


def _bytes_ahead(stops: Callable[[Any, Any, Callable[[int], Any]], Any]) -> Callable[..., Any]:
    """The code for: how many of the WIDTH bytes from data[index] on come before one of the stops."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte = ir.IntType(8)
        vector = ir.VectorType(byte, WIDTH)

        def all_of(value: int) -> Any:
            return ir.Constant(vector, [ir.Constant(byte, value)] * WIDTH)

        address = _address(context, builder, signature.args[0], *arguments)
        value = builder.load(builder.bitcast(address, vector.as_pointer()), align=1)
        bits = builder.bitcast(stops(builder, value, all_of), ir.IntType(WIDTH))
        count = builder.cttz(bits, ir.Constant(ir.IntType(1), 0))
        return builder.zext(count, ir.IntType(64))

    return generate


@intrinsic
def letters_ahead(typing_context: Any, data: Any, index: Any) -> Any:
    """How many of the 32 bytes from data[index] on are A-Z a-z 0-9 or above 0x7F, before another."""

    def stops(builder: Any, value: Any, all_of: Callable[[int], Any]) -> Any:
        small = builder.or_(value, all_of(0x20))
        is_letter = builder.icmp_unsigned("<", builder.sub(small, all_of(ord("a"))), all_of(26))
        is_digit = builder.icmp_unsigned("<", builder.sub(value, all_of(ord("0"))), all_of(10))
        is_high = builder.icmp_signed("<", value, all_of(0))
        return builder.not_(builder.or_(builder.or_(is_letter, is_digit), is_high))

    return types.intp(data, types.intp), _bytes_ahead(stops)


@intrinsic
def no_space_ahead(typing_context: Any, data: Any, index: Any) -> Any:
    """How many of the 32 bytes from data[index] on cannot begin white space, before one that can."""

    def stops(builder: Any, value: Any, all_of: Callable[[int], Any]) -> Any:
        is_space = builder.icmp_unsigned("<=", value, all_of(0x20))
        is_latin = builder.icmp_unsigned("==", value, all_of(0xC2))
        is_other = builder.icmp_unsigned("<", builder.sub(value, all_of(0xE1)), all_of(3))
        return builder.or_(is_space, builder.or_(is_latin, is_other))

    return types.intp(data, types.intp), _bytes_ahead(stops)


@intrinsic
def lines_ahead(typing_context: Any, data: Any, index: Any) -> Any:
    """How many of the 32 bytes from data[index] on are line feeds; -1 where one of them is wrong in UTF-8.

    A byte is judged by the three before it, which must be there, so what may be missing at the end is not seen.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte, bits = ir.IntType(8), ir.IntType(WIDTH)
        vector = ir.VectorType(byte, WIDTH)

        def bytes_from(back: int) -> Any:
            index = builder.sub(arguments[1], ir.Constant(arguments[1].type, back))
            address = _address(context, builder, signature.args[0], arguments[0], index)
            return builder.load(builder.bitcast(address, vector.as_pointer()), align=1)

        def compared(sign: str, value: Any, number: int) -> Any:
            return builder.icmp_unsigned(sign, value, ir.Constant(vector, [ir.Constant(byte, number)] * WIDTH))

        def both(lead: int, sign: str, number: int) -> Any:
            return builder.and_(compared("==", before, lead), compared(sign, here, number))

        here, before = bytes_from(0), bytes_from(1)
        must_continue = builder.or_(
            compared(">=", before, 0xC0),
            builder.or_(compared(">=", bytes_from(2), 0xE0), compared(">=", bytes_from(3), 0xF0)),
        )
        continues = compared("<", builder.xor(here, ir.Constant(vector, [ir.Constant(byte, 0x80)] * WIDTH)), 0x40)
        wrong = builder.xor(must_continue, continues)
        for found in (
            *(compared(sign, here, number) for sign, number in (("==", 0xC0), ("==", 0xC1), (">=", 0xF5))),
            *(both(0xE0, "<", 0xA0), both(0xED, ">", 0x9F), both(0xF0, "<", 0x90), both(0xF4, ">", 0x8F)),
        ):
            wrong = builder.or_(wrong, found)
        count = builder.zext(builder.ctpop(builder.bitcast(compared("==", here, ord("\n")), bits)), ir.IntType(64))
        is_wrong = builder.icmp_unsigned("!=", builder.bitcast(wrong, bits), ir.Constant(bits, 0))
        return builder.select(is_wrong, ir.Constant(ir.IntType(64), -1), count)

    return types.int64(data, types.intp), generate
